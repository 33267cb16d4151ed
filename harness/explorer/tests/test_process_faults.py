"""Each fault of a process, and the jump of time, does what its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.explorer.tests.measuring import IN_BOTH_GATES, measure
from harness.explorer.tests.probes import answers
from harness.explorer.world.setting import JUMP_LEASES, LEASE_S
from verify.history.events import Complete, Died, EffectCall, Landed

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.server import RedisServer


@IN_BOTH_GATES
@pytest.mark.parametrize(("kind", "counted_before"), [("crash_before", 0), ("crash_after", 1)])
def test_dead_process_reaches_nothing(
    kind: str, counted_before: int, gate: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """crash_*: the step is done or not as the name says, and neither Redis nor the venue hears of any ``finally``."""
    explored = measure(redis_server, tmp_path, gate, "speaking_last_words", kind)
    (events,) = explored.beginning("w0", f"w0!{kind}")
    assert answers(events) == {"r1": {"left": None, "counter": counted_before + 1}}
    assert {type(event) for event in events if getattr(event, "process", None) == "w0"}.isdisjoint(
        {Complete, EffectCall, Landed}
    )
    assert [event.process for event in events if isinstance(event, Died)] == ["w0"]


@IN_BOTH_GATES
def test_process_that_swallows_its_death_is_dead_all_the_same(
    gate: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """crash_before: a handler of everything that tries again and again reaches nothing, and the schedule ends."""
    explored = measure(redis_server, tmp_path, gate, "swallowing_its_death", "crash_before")
    (events,) = explored.beginning("w0!crash_before")
    assert answers(events) == {"r1": {"counter": 1}}


JUMP_S = LEASE_S * JUMP_LEASES


@NEEDS_CLOCK
@IN_BOTH_GATES
def test_paused_process_comes_back_after_redelivery(gate: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """pause: the redelivered call counts first and is answered, then the zombie's command is applied."""
    explored = measure(redis_server, tmp_path, gate, "counting_plainly", "pause")
    (events,) = explored.beginning("w0!pause")
    told = answers(events)
    assert told == {"r1": {"counter": 1}, "w0": {"counter": 2}, "r2": {"counter": 3}}
    assert list(told) == ["r1", "w0", "r2"]


@NEEDS_CLOCK
@IN_BOTH_GATES
def test_jump_of_time_moves_every_clock(gate: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """advance: the server, its scripts, its key TTLs and each clock of the client jump past the lease together."""
    explored = measure(redis_server, tmp_path, gate, "reading_clocks", "advance")
    steps_before_ping = ("w0",) * 4
    for events in explored.beginning(*steps_before_ping, "advance"):
        moved = answers(events)["w0"]
        assert {name for name, seconds in moved.items() if not JUMP_S <= seconds < JUMP_S + 10} == set()
    for events in explored.beginning("advance"):
        still = answers(events)["w0"]
        assert {name for name, seconds in still.items() if not 0 <= seconds < 10} == set()


@NEEDS_CLOCK
@IN_BOTH_GATES
def test_jump_of_time_ends_a_lease(gate: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """advance: a key that lives for one lease is gone right after the jump, and there without it."""
    explored = measure(redis_server, tmp_path, gate, "leasing", "advance")
    (jumped,) = explored.beginning("w0", "advance")
    assert answers(jumped)["w0"] == {"is_there": False}
    (unjumped,) = explored.beginning("advance")
    assert answers(unjumped)["w0"] == {"is_there": True}
