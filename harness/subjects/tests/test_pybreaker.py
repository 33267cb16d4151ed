"""What is known of pybreaker on Redis: one process keeps its promise alone, and two do not keep it together."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.faults.registry import select
from harness.subjects.loading import load_subject
from harness.subjects.peers.registry import PEERS
from verify.history.words import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.server import RedisServer

LAST_SEEN = (1, 4)
pytestmark = pytest.mark.skipif(
    not PEERS["pybreaker"].is_installed, reason="pybreaker is not installed: it comes with the extra `peers`"
)


@NEEDS_CLOCK
@pytest.mark.parametrize(
    ("checker", "why"),
    [
        ("probe_limit", "nobody holds a permit: whoever finds it half open is let through"),
        ("open_refuses", "a success sets the counter to 0 between a failure's INCR and its GET, and it stays closed"),
    ],
)
def test_two_processes_break_the_promise_without_any_fault(
    checker: str, why: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Its state is read, looked at and written back in commands of their own."""
    version = tuple(int(part) for part in metadata.version("pybreaker").split(".")[:2])
    if version > LAST_SEEN:
        pytest.skip(f"seen up to {LAST_SEEN}, not looked for in {version}: a later version may have mended it")
    subject = load_subject("peer.pybreaker")
    explored = explore(redis_server, tmp_path, subject, workers=2, workloads=("waves",), reduces=True, until=checker)
    found = [finding for finding in explored.judge().findings if finding.checker == checker]
    assert [finding.decides for finding in found] == [True], why
    assert found[0].faults == ()


@NEEDS_CLOCK
def test_one_process_keeps_the_promise_whenever_it_dies(redis_server: RedisServer, tmp_path: Path) -> None:
    """One call at a time: it opens, refuses, probes and closes; a prober that died holds up nobody."""
    subject = load_subject("peer.pybreaker")
    kinds = select(["crash_before", "crash_after", "effect_lost", "effect_rejected"])
    explored = explore(redis_server, tmp_path, subject, faults=1, kinds=kinds, workloads=("waves",), reduces=True)
    judgement = explored.judge()
    assert [finding.sentence for finding in judgement.findings if finding.decides] == []
    assert judgement.verdict is Verdict.VALID
    assert explored.record.exhausted
