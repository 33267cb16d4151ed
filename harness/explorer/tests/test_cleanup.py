"""An exploration leaves nothing behind: not a clock, not a sleep, not a connection, also when it is cut short."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest
import redis.connection

from harness.explorer.exploration import Exploration
from harness.explorer.plan import Plan
from harness.explorer.store import HistoryStore
from harness.explorer.target import Target
from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.faults.registry import ALL
from harness.subjects.loading import load_subject

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.outcome import Outcome
    from harness.redis_server.server import RedisServer


class StopError(Exception):
    """Stands for whatever may go wrong in the middle."""


def taken_over() -> list[Any]:
    """Return everything that an exploration changes in this process while it runs."""
    kinds = (redis.connection.Connection, redis.connection.UnixDomainSocketConnection)
    clocks = [time.sleep, time.time, time.time_ns, time.monotonic, time.monotonic_ns]
    return [*clocks, *(kind._connect for kind in kinds), redis.utils.get_lib_version, os.sched_getaffinity(0)]


def open_connections(server: RedisServer) -> int:
    """Return how many clients the server has, the one that asks and the one that moves its clock included."""
    if server.has_clock:
        server.advance(1)
    with server.client() as client:
        return len(client.client_list())


@NEEDS_CLOCK
def test_exploration_puts_everything_back(redis_server: RedisServer, tmp_path: Path) -> None:
    """Sleeps, clocks and connections are the ordinary ones again, time is the machine's, and no wire is open."""
    before, connections = taken_over(), open_connections(redis_server)
    drift_s = time.time() - time.clock_gettime(time.CLOCK_REALTIME)
    explored = explore(
        redis_server, tmp_path, load_subject("twin.get_then_set"), workers=2, faults=1, kinds=[ALL["advance"]]
    )
    assert explored.record.hits["advance"]
    assert taken_over() == before
    assert abs(time.time() - time.clock_gettime(time.CLOCK_REALTIME) - drift_s) < 1
    assert open_connections(redis_server) == connections


def test_exploration_that_breaks_off_puts_everything_back(redis_server: RedisServer, tmp_path: Path) -> None:
    """An exception in the middle, with processes held at the gate, leaves nothing taken over and no wire open."""
    before, connections = taken_over(), open_connections(redis_server)
    seen = 0

    def break_off(_outcome: Outcome) -> str:
        nonlocal seen
        seen += 1
        if seen == 5:
            raise StopError
        return ""

    plan = Plan(
        name="cut short",
        subject=load_subject("broken.get_then_set"),
        workers=2,
        faults=1,
        kinds=tuple(ALL.values()),
        workloads=("same",),
        seed=1,
    )
    with HistoryStore(tmp_path) as store:
        exploration = Exploration(plan, Target(redis_server, "test"), store, on_history=break_off)
        with pytest.raises(StopError):
            exploration.run()
    assert taken_over() == before
    assert open_connections(redis_server) == connections


def test_gate_is_for_gated_processes_only(redis_server: RedisServer, tmp_path: Path) -> None:
    """A client of the harness itself, used while the gate is installed, talks to the server as ever."""
    answers: list[Any] = []

    def ask(_outcome: Outcome) -> str:
        with redis_server.client() as client:
            answers.append(client.ping())
        return ""

    plan = Plan(
        name="beside",
        subject=load_subject("twin.get_then_set"),
        workers=1,
        faults=0,
        kinds=(),
        workloads=("same",),
        seed=1,
    )
    with HistoryStore(tmp_path) as store:
        Exploration(plan, Target(redis_server, "test"), store, on_history=ask).run()
    assert answers == [True]
