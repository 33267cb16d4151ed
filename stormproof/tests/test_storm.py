"""Storms as a user runs them: a verdict from what happened, faults with witnesses, the shortest schedule of a bug."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.faults.registry import select
from harness.processes.family import descendants
from harness.storm.catches import CATCHES, SECONDS
from harness.storm.inject import WORDS
from harness.storm.storm import _Storm
from harness.storm.workload import EFFECT_TYPES
from stormproof.cli import main
from stormproof.demoting import KINDS_OF, kinds_of
from stormproof.documents import ROOT
from stormproof.source_facts import members
from stormproof.tests.running import TIME_LIMIT_S, run, start, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.redis_server.server import RedisServer


def storm(folder: Path, *words: str, seconds: int = 5, inject: str = "") -> tuple[int, dict[str, Any], Path]:
    """Let a storm rage; return exit code, verdict and folder of the part."""
    said = run(folder, "storm", "--seed", "7", "--seconds", str(seconds), "--inject", inject, "--out", "run", *words)
    assert (folder / "run" / "verdict.json").exists(), said.out + said.err
    part = folder / "run" / "parts" / "storm"
    return said.code, json.loads((part / "verdict.json").read_text("utf-8")), part


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file of lines."""
    with path.open(encoding="utf-8") as stored:
        yield from map(json.loads, stored)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let a storm with kill and latency rage against the reference once; return its folder."""
    folder = tmp_path_factory.mktemp("storm")
    code, verdict, part = storm(folder, "--processes", "3", seconds=5, inject="kill@1s,latency:100ms@2s..3s")
    assert (code, verdict["verdict"]) == (0, "VALID"), verdict
    return part


def test_seeded_storm_with_kill_and_latency_holds(reference: Path) -> None:
    """The worker died between effect and mark, the others went on, and both faults have witnesses."""
    faults = {each["kind"]: each for each in lines(reference / "history.jsonl") if each["event"] == "fault"}
    assert faults.keys() == {"worker_kill", "latency"}
    assert "is gone" in faults["worker_kill"]["witness"]
    assert "2 other worker processes went on" in faults["worker_kill"]["witness"]
    assert "an ECHO took" in faults["latency"]["witness"]
    dead = faults["worker_kill"]["process"]
    events = [each["event"] for each in lines(reference / "history.jsonl") if each.get("process") == dead]
    assert [each for each in events if each != "fault"] == ["invoke", "effect_call", "landed", "died"]


def test_storm_delivers_all_types_from_all_processes(reference: Path) -> None:
    """Effects of the five types land, and each worker process lands some, or is the one that was killed."""
    landed = [each for each in lines(reference / "history.jsonl") if each["event"] == "landed"]
    assert {each["effect_type"] for each in landed if each["process"].startswith("w")} == set(EFFECT_TYPES)
    writers = {each["process"].partition(".")[0] for each in landed}
    assert {"w1", "w2", "w3"} <= writers | {lost_worker(reference)}
    phases = [each["name"] for each in lines(reference / "history.jsonl") if each["event"] == "phase"]
    assert phases[:3] == ["workload", "heal", "redeliver"]


def lost_worker(part: Path) -> str:
    """Return the worker process that was killed."""
    (dead,) = {each["process"] for each in lines(part / "history.jsonl") if each.get("kind") == "worker_kill"}
    return str(dead).partition(".")[0]


def test_types_are_those_of_the_core() -> None:
    """Every type of side effect that the core knows is delivered; the run of a job is none."""
    known = members(ROOT / "safety_core/idempotency/effect_types.py", "EffectType")
    assert {value for value, _ in known.values()} - {"job"} == set(EFFECT_TYPES)


def test_report_of_a_storm_says_how_much_and_how_fast(reference: Path) -> None:
    """Seed, calls, faults and the picture are there, and judging again gives the same bytes."""
    folder = reference.parents[1]
    summary = (folder / "summary.md").read_text("utf-8")
    figures = json.loads((reference / "storm.json").read_text("utf-8"))
    assert f"{figures['operations']:,} calls by 20 users in 3 worker processes" in summary
    assert "- seed: 7" in summary
    assert "](parts/storm/storm.svg)" in summary
    assert "latency:100ms@2s..3s" in (reference / "storm.svg").read_text("utf-8")
    before = (folder / "verdict.json").read_bytes()
    again = run(folder, "judge", str(folder))
    assert (again.code, (folder / "verdict.json").read_bytes()) == (0, before)
    assert "Held: the storm kept the promise" in again.out


def test_storm_leaves_nothing_but_its_run(reference: Path) -> None:
    """What the workers wrote was brought together and is gone."""
    names = {path.name for path in reference.iterdir()}
    assert names == {"exploration.json", "history.jsonl", "schedules", "storm.json", "storm.svg", "verdict.json"}


def test_every_word_of_inject_has_a_counterpart_in_the_explorer() -> None:
    """What strikes in a storm can be searched for among the schedules."""
    assert {meaning.kind for meaning in WORDS.values()} == KINDS_OF.keys()
    for kind in KINDS_OF:
        assert select(list(kinds_of([kind])))


WRONG = {
    "no-locust": (("--seconds", "1"), 3, "pip install 'stormproof[storm]'"),
    "breaker": (("--subject", "breaker"), 2, "promises circuit_breaker"),
    "no-users": (("--users", "0"), 2, "--users is 0; expected a whole number from 1"),
    "no-time": (("--seconds", "0"), 2, "--seconds is 0; expected a whole number from 1 to"),
    "no-processes": (("--processes", "0"), 2, "--processes is 0"),
    "unknown-fault": (("--inject", "hail@1s"), 2, "unknown fault 'hail'"),
    "nobody-goes-on": (("--processes", "1", "--inject", "kill@1s"), 2, "expected --processes 2 or more"),
    "external-without-permission": (("--redis", "redis://127.0.0.1:1"), 2, "--allow-target 127.0.0.1:1"),
    "master-host-alone": (("--master-host", "h"), 2, "--master-host goes with --worker"),
    "worker-alone": (("--worker",), 2, "--worker needs --master-host"),
    "worker-with-faults": (("--worker", "--master-host", "h", "--inject", "kill@1s"), 2, "leave out --inject"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_storm_is_one_line(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is run, nothing is written, and the line says what was expected."""
    words, code, said = WRONG[case]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["stormproof", "storm", *words])
    if case == "no-locust":
        monkeypatch.setitem(sys.modules, "locust", None)
    with pytest.raises(SystemExit) as ended:
        main()
    seen = capsys.readouterr()
    assert (ended.value.code, seen.out) == (code, "")
    assert said in seen.err
    assert len(seen.err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@NEEDS_CLOCK
@pytest.mark.takes_long
@pytest.mark.parametrize("name", CATCHES)
def test_planted_guard_is_caught_and_demoted(name: str, tmp_path: Path) -> None:
    """The checker that must see it does, and a replayable schedule shows the same."""
    checker, inject = CATCHES[name]
    code, verdict, part = storm(tmp_path, "--subject", name, seconds=SECONDS, inject=inject)
    assert (code, verdict["verdict"]) == (1, "INVALID"), verdict["reasons"]
    assert checker in {each["checker"] for each in verdict["findings"] if each["promised"]}
    (demoted,) = [
        each
        for each in json.loads((part / "demotions.json").read_text("utf-8"))["demotions"]
        if each["checker"] == checker
    ]
    assert demoted["decisions"], demoted
    again = run(tmp_path, *demoted["replay"].split()[1:])
    assert (again.code, again.out.startswith(f"There again: {checker}")) == (1, True) or "There again" in again.out
    summary = (tmp_path / "run" / "summary.md").read_text("utf-8")
    assert f"{checker} is shown by one schedule" in summary
    assert demoted["replay"] in summary


@pytest.mark.takes_long
def test_twenty_worker_processes(tmp_path: Path) -> None:
    """Twenty of them work, six die between effect and mark, and others take their places."""
    code, verdict, part = storm(tmp_path, "--processes", "20", "--users", "40", seconds=20, inject="kill:6@2s..15s")
    assert (code, verdict["verdict"]) == (0, "VALID"), verdict["reasons"]
    assert verdict["hits"]["worker_kill"] == {"between effect and mark": 6}
    workers = {
        each["process"].partition(".")[0] for each in lines(part / "history.jsonl") if each["event"] == "invoke"
    }
    assert len({each for each in workers if each.startswith("w")}) > 20


@pytest.mark.takes_long
def test_worker_that_somebody_else_kills_is_told(tmp_path: Path) -> None:
    """A worker process that dies unasked is named, and what it wrote is judged."""
    process = start(tmp_path, "storm", "--seconds", "8", "--processes", "2", "--out", "run")
    workers = tmp_path / "run" / "parts" / "storm" / "workers"
    wait_for(
        lambda: (workers / "status.jsonl").exists() and '"running"' in (workers / "status.jsonl").read_text("utf-8")
    )
    wait_for(lambda: any(path.stat().st_size for path in workers.glob("*.w2.jsonl")))
    (victim,) = [pid for pid in descendants(process.pid) if b"_WORKER=2\0" in _environment(pid)]
    signal.pidfd_send_signal(_handle(victim), signal.SIGKILL)
    out, err = process.communicate(timeout=TIME_LIMIT_S)
    assert process.returncode == 0, out + err
    record = json.loads((tmp_path / "run" / "parts" / "storm" / "exploration.json").read_text("utf-8"))
    assert any("w2 was ended by signal SIGKILL, which nothing here has sent" in note for note in record["notes"])


ENDS = """
import os

import redis


def make(redis_url, lease_s):
    client = redis.Redis.from_url(redis_url)

    def guard(key, payload, effect):
        if client.incr("calls") == 40:
            os._exit(0)
        if not client.set(key, "taken", nx=True):
            raise RuntimeError("somebody has taken it")
        return effect(payload)

    return guard


make.promise = "at_most_once"
"""


@pytest.mark.takes_long
def test_worker_that_ends_by_itself_shows_nothing(tmp_path: Path) -> None:
    """Its guard ends the process as if all were well, long before the storm is over."""
    (tmp_path / "ends.py").write_text(ENDS, "utf-8")
    code, verdict, _ = storm(tmp_path, "--subject", "ends.py:make", "--processes", "2")
    assert code == 3
    assert any("ended by itself, with status 0" in reason for reason in verdict["reasons"]), verdict["reasons"]


@pytest.mark.takes_long
def test_workers_that_end_with_the_storm_are_no_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However late this process is, it knows those that Locust has told to end."""
    wait = _Storm._wait_for_users

    def wait_and_be_late(raging: _Storm) -> None:
        wait(raging)
        raging.happened.began_ns += 60 * 10**9

    monkeypatch.setattr(_Storm, "_wait_for_users", wait_and_be_late)
    monkeypatch.setattr(sys, "argv", ["stormproof", "storm", "--seconds", "2", "--out", str(tmp_path / "run")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0, capsys.readouterr()


@pytest.mark.takes_long
def test_external_server_is_left_as_it_was(redis_server: RedisServer, tmp_path: Path) -> None:
    """It is reached through a proxy, and of its keys those of the storm alone are removed."""
    client = redis_server.client()
    client.set("yours", "untouched")
    target = f"127.0.0.1:{redis_server.port}"
    external = ("--redis", f"redis://{target}", "--allow-target", target)
    code, verdict, _ = storm(tmp_path, *external, seconds=6, inject="kill@2s")
    assert (code, verdict["verdict"], verdict["server"]["choice"]) == (0, "VALID", f"redis://{target}")
    assert client.keys() == [b"yours"]
    refused = run(tmp_path, "storm", *external, "--inject", "server_kill@1s..2s", "--out", "other")
    assert (refused.code, "an external one is not ours" in refused.err) == (3, True)


@pytest.mark.takes_long
def test_server_that_is_killed_comes_back_to_a_steady_state(tmp_path: Path) -> None:
    """The store keeps what it acknowledged, and in the end new orders are placed again."""
    code, verdict, _ = storm(tmp_path, seconds=7, inject="server_kill@2s..3s,reset@5s..6s")
    assert (code, verdict["verdict"]) == (0, "VALID"), verdict
    assert verdict["hits"].keys() == {"server_kill", "reset"}


@pytest.mark.takes_long
def test_page_of_locust_has_a_row_for_each_answer(tmp_path: Path) -> None:
    """It is served on loopback while the storm rages, and is gone afterwards."""
    process = start(tmp_path, "storm", "--seconds", "8", "--web", "--out", "run")
    assert process.stdout is not None
    address = process.stdout.readline().split()[-1]
    assert address.startswith("http://127.0.0.1:")
    rows: set[tuple[str, str]] = set()

    def seen() -> bool:
        with suppress(OSError, ValueError), urlopen(f"{address}/stats/requests", timeout=5) as page:  # noqa: S310 - a page of ours, on loopback
            rows.update((row["method"], row["name"]) for row in json.load(page)["stats"])
        return ("ledger", "OK") in rows

    wait_for(seen)
    out, err = process.communicate(timeout=TIME_LIMIT_S)
    assert process.returncode == 0, out + err
    with pytest.raises(OSError, match="refused"):
        urlopen(address, timeout=5)  # noqa: S310 - a page of ours, on loopback


def _environment(pid: int) -> bytes:
    return Path("/proc", str(pid), "environ").read_bytes()


def _handle(pid: int) -> int:

    return os.pidfd_open(pid)
