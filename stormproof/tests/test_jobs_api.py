"""``stormproof jobs-api`` and ``check-config``: a real socket, and one line for what is wrong."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rq import Queue

from safety_core.idempotency import prepare_store
from safety_core.jobs_api.tests import rq_jobs
from safety_core.jobs_api.tests.rq_worker import WorkerInProcess
from stormproof.tests.running import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.redis_server.server import RedisServer

TOKEN = "a-token"  # noqa: S105 - of this test alone
ROOT = Path(__file__).parents[2]


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    """Return a file with one caller who may do everything."""
    path = tmp_path / "tokens.yaml"
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    path.write_text(f"tokens: [{{actor: alice, role: force, sha256: '{digest}'}}]", encoding="utf-8")
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration that switches the API on, without cooldown."""
    path = tmp_path / "config.yaml"
    audit = tmp_path / "audit"
    path.write_text(
        f"jobs_api: {{enabled: true}}\nretry: {{cooldown_seconds: 0, audit_log_path: {audit}}}", encoding="utf-8"
    )
    return path


@pytest.fixture
def base(redis_server: RedisServer, tokens: Path, config: Path) -> Iterator[str]:
    """Yield the address of an API in a process of its own, and see that it ends when it is interrupted."""
    prepare_store(redis_server.url)
    command = [sys.executable, "-m", "stormproof", "jobs-api", "--redis", redis_server.url, "--port", "0"]
    command += ["--tokens", str(tokens), "--config", str(config)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip().removeprefix("jobs API: ")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130


def ask(url: str, method: str = "GET", token: str | None = TOKEN) -> Any:
    """Return what the API answers."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310 - an address of ours
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        return json.load(answer)


def test_the_calls_of_the_guide_work_with_a_token(base: str, redis_server: RedisServer) -> None:
    """Look, try dry, review, do, watch: word by word, but for the token."""
    with redis_server.client() as client:
        queue = Queue(connection=client)
        job_id = queue.enqueue(rq_jobs.fail, "refused").id
        WorkerInProcess([queue], connection=client).work(burst=True, logging_level="CRITICAL")
        assert [(job["id"], job["is_retryable"], job["failure_type"]) for job in ask(f"{base}/failed")] == [
            (job_id, True, "network_error")
        ]
        ask(f"{base}/failed/{job_id}/retry?dry_run=true", "POST")
        dry = ask(f"{base}/failed/retry-all?dry_run=true", "POST")
        assert ask(f"{base}/retry-audit")["records"]
        assert ask(f"{base}/failed/retry-all?retry_only_retryable=true&plan={dry['plan']}", "POST")["retried"] == 1
        assert queue.job_ids == [job_id]
        WorkerInProcess([queue], connection=client).work(burst=True, logging_level="CRITICAL")
        assert ask(f"{base}/failed/{job_id}/retry?force=true", "POST")["placed"] == "queued"
    assert ask(f"{base}/stats")["queues"][0]["queued"] == 1
    records = sorted(ask(f"{base}/retry-audit?limit=1000")["records"], key=lambda record: record["failure_type"])
    counts = {kind: len(list(group)) for kind, group in groupby(records, lambda record: record["failure_type"])}
    assert counts["network_error"] >= 4


def test_nobody_is_anonymous(base: str) -> None:
    """Over a real socket too."""
    for token in (None, "another"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            ask(f"{base}/failed", token=token)
        assert caught.value.code == 401
        caught.value.close()


def test_what_cannot_be_served_is_said_in_one_line(tmp_path: Path, tokens: Path) -> None:
    """Exit code 2: no tokens, a wrong URL, a file that leaves the API off, or one that is wrong."""
    off, wrong, nobody = (tmp_path / name for name in ("off.yaml", "wrong.yaml", "nobody.yaml"))
    off.write_text("retry: {max_attempts: 2}", encoding="utf-8")
    wrong.write_text("jobs_api: {enabled: 'yes'}", encoding="utf-8")
    nobody.write_text("tokens: []", encoding="utf-8")
    url = "redis://127.0.0.1:1"
    for options, expected in (
        (["--redis", url, "--tokens", str(nobody)], "there is no token"),
        (["--redis", url, "--tokens", str(tmp_path / "missing.yaml")], "cannot be read"),
        (["--redis", "http://x", "--tokens", str(tokens)], "the URL of Redis cannot be used"),
        (["--redis", url, "--tokens", str(tokens), "--config", str(off)], "jobs_api.enabled is false"),
        (
            ["--redis", url, "--tokens", str(tokens), "--config", str(wrong)],
            "jobs_api.enabled is 'yes'; expected true",
        ),
    ):
        said = run(tmp_path, "jobs-api", *options)
        assert said.code == 2, said
        assert expected in said.err
        assert said.err.count("\n") == 1


def test_port_that_is_taken_is_said(tmp_path: Path, tokens: Path, redis_server: RedisServer) -> None:
    """Exit code 3: it could not run."""
    taken = str(redis_server.port)
    said = run(tmp_path, "jobs-api", "--redis", redis_server.url, "--tokens", str(tokens), "--port", taken)
    assert said.code == 3
    assert taken in said.err
    assert said.err.count("\n") == 1


def test_check_config_shows_flags_and_stage(tmp_path: Path) -> None:
    """The shipped file is off; what is wrong, or out of order, is exit code 2."""
    shown = run(tmp_path, "check-config", str(ROOT / "config/config.yaml"))
    assert shown.code == 0
    assert "stage: off." in shown.out
    path = tmp_path / "config.yaml"
    for text, code, expected in (
        ("runtime: {redis_checks: true}", 0, '"stage": "monitoring"'),
        ("retry: {anomaly_guard: true}", 2, "retry.anomaly_guard belongs to the stage"),
        ("retry: {circuit_breaker_alerts: true}", 2, "needs retry.circuit_breaker.enabled: true"),
        ("retry: {max_atempts: 3}", 2, "did you mean max_attempts?"),
    ):
        path.write_text(text, encoding="utf-8")
        said = run(tmp_path, "check-config", str(path), "--json")
        assert said.code == code, said
        assert expected in said.out + said.err
        assert said.err.count("\n") == (1 if code else 0)
