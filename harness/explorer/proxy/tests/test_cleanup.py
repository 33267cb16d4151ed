"""An exploration behind the proxy gate leaves nothing: no process, no folder, no descriptor, no connection."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, Any

import pytest

from harness.explorer.exploration import Exploration
from harness.explorer.hosting import find_subject
from harness.explorer.plan import Plan
from harness.explorer.proxy.tests.held import OURS, explore_held, written
from harness.explorer.proxy.tests.leftovers import processes_of
from harness.explorer.store import HistoryStore
from harness.explorer.target import Target
from harness.explorer.tests.stranger import STRANGER
from harness.explorer.tests.test_cleanup import open_connections
from harness.faults.registry import select
from harness.processes import folder as folders

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.outcome import Outcome
    from harness.redis_server.server import RedisServer

KINDS = ("reply_lost", "late_request", "crash_after", "pause", "restart_losing:0")
"""Among them what leaves something behind at its moment: a wire, a dead process, a stopped one, a server."""


class StopError(Exception):
    """Stands for whatever may go wrong in the middle."""


@pytest.fixture(autouse=True)
def nothing_of_earlier_tests() -> None:
    """Let the collector free what others left: a descriptor less at the end is none that was given back."""
    gc.collect()


def held_by_us(server: RedisServer, folder: Path) -> dict[str, Any]:
    """Return what this process holds that an exploration may take."""
    return {
        "connections": open_connections(server),
        "processes": processes_of(folder),
        "folders": set(folders._locks),
        "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - a count, not paths
        "cores": os.sched_getaffinity(0),
    }


def test_exploration_leaves_nothing(redis_server: RedisServer, tmp_path: Path) -> None:
    """After its end everything that it took is given back."""
    name = written(tmp_path, STRANGER)
    before = held_by_us(redis_server, tmp_path)
    explored = explore_held(redis_server, tmp_path, name, *KINDS)
    assert set(explored.record.hits) == set(KINDS)
    assert held_by_us(redis_server, tmp_path) == before


@pytest.mark.parametrize("after", [1, 12])
def test_exploration_that_breaks_off_leaves_nothing(after: int, redis_server: RedisServer, tmp_path: Path) -> None:
    """Nor does an exception in the middle, with processes held at the gate, dead ones and stopped ones."""
    name = written(tmp_path, STRANGER)
    before = held_by_us(redis_server, tmp_path)
    seen = 0

    def break_off(_outcome: Outcome) -> str:
        nonlocal seen
        seen += 1
        assert processes_of(tmp_path)
        if seen == after:
            raise StopError
        return ""

    subject = find_subject(name, OURS)
    plan = Plan(
        name=name,
        subject=subject,
        workers=2,
        faults=1,
        kinds=select(KINDS),
        workloads=("same",),
        seed=1,
        hosting=OURS,
    )
    with HistoryStore(tmp_path) as store, pytest.raises(StopError):
        Exploration(plan, Target(redis_server, "test"), store, on_history=break_off).run()
    assert held_by_us(redis_server, tmp_path) == before
