"""A campaign on somebody else's Redis, with TLS and a password: the plan, the abort, and nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stormproof.tests.running import run
from stormproof.tests.tls_redis import LOGIN_WORD, Foreign, foreign_redis

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[2] / "examples" / "staging" / "run.sh"
SLOW = "redis_slow_but_alive"


@pytest.fixture(name="foreign")
def _foreign(tmp_path: Path) -> Iterator[Foreign]:
    with foreign_redis(tmp_path) as foreign:
        yield foreign


def stored(folder: Path) -> dict[str, Any]:
    """Return what the run says that it was."""
    told: dict[str, Any] = json.loads((folder / "run" / "run.json").read_text("utf-8"))
    return told


@pytest.mark.takes_long
def test_the_example_tells_a_story_and_leaves_the_server_as_it_was(foreign: Foreign, tmp_path: Path) -> None:
    """The plan comes first, the story holds, and keys, directives and secrets of others stay where they are."""
    before = foreign.seen()
    command = tmp_path / "stormproof"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m stormproof "$@"\n', "utf-8")
    command.chmod(0o755)
    done = subprocess.run(
        [str(EXAMPLE), foreign.url, foreign.target, "--only", SLOW, "--out", str(tmp_path / "run")],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(EXAMPLE.parents[2])},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    plan, _, rest = done.stdout.partition("verdict")
    assert f"Plan for rediss://{foreign.target}/0" in plan
    assert "latency touches: Connections through one proxy." in plan
    assert "latency_ms>1500 or key_count>1000000" in plan
    assert "Held" in rest
    assert foreign.seen() == before
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert not [path for path in files if LOGIN_WORD in path.read_text("utf-8", "replace")]


@pytest.mark.takes_long
def test_a_breach_ends_everything_and_heals(foreign: Foreign, tmp_path: Path) -> None:
    """The first probe past its limit ends the campaign: UNKNOWN, with the figure, and the server as it was."""
    before = foreign.seen()
    words = ("campaign", "--tier", "scenarios", "--redis", foreign.url, "--allow-target", foreign.target)
    limits = ("--abort-when", "latency_ms>250")
    said = run(tmp_path, *words, "--only", SLOW, "--only", "retry_storm", *limits, "--out", "run")
    assert said.code == 3
    first, second = (part["why"] for part in stored(tmp_path)["not_run"])
    assert "the limit is latency_ms>250; everything was healed" in first
    assert second.startswith("the campaign was ended before it: aborted")
    assert foreign.seen() == before


def test_what_needs_a_server_of_ours_does_not_run_there(foreign: Foreign, tmp_path: Path) -> None:
    """A story that kills its server is left out with the reason, and nothing was shown."""
    words = ("campaign", "--tier", "scenarios", "--redis", foreign.url, "--allow-target", foreign.target)
    said = run(tmp_path, *words, "--only", "kill_redis", "--only", "replies_lost", "--out", "run")
    assert said.code == 3
    reasons = [part["why"] for part in stored(tmp_path)["not_run"]]
    assert "server_kill acts on more than the way to the server" in reasons[0]
    assert "TLS hides them" in reasons[1]
