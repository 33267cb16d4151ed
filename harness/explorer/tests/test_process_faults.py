"""Each fault of a process, and the jump of time, does what its name says."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import pytest

from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.explorer.tests.probes import answers, probe
from harness.explorer.world.setting import JUMP_LEASES, LEASE_S
from harness.faults.registry import ALL
from verify.history.events import Complete, Died, EffectCall, Landed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import redis

    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Effect, Guard

SERVER_TIME = "local now = redis.call('TIME') return now[1] * 1000 + math.floor(now[2] / 1000)"


@pytest.mark.parametrize(("kind", "counted_before"), [("crash_before", 0), ("crash_after", 1)])
def test_dead_process_reaches_nothing(
    kind: str, counted_before: int, redis_server: RedisServer, tmp_path: Path
) -> None:
    """crash_*: the step is done or not as the name says, and neither Redis nor the venue hears of any ``finally``."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> dict[str, Any]:
            left = client.get(f"{key}:left")
            try:
                return {"left": left, "counter": client.incr(key)}
            finally:
                client.set(f"{key}:left", "something")
                effect(payload)

        return guard

    explored = explore(redis_server, tmp_path, probe(guard_of), faults=1, kinds=[ALL[kind]])
    (events,) = explored.beginning("w0", f"w0!{kind}")
    assert answers(events) == {"r1": {"left": None, "counter": counted_before + 1}}
    assert {type(event) for event in events if getattr(event, "process", None) == "w0"}.isdisjoint(
        {Complete, EffectCall, Landed}
    )
    assert [event.process for event in events if isinstance(event, Died)] == ["w0"]


def test_process_that_swallows_its_death_is_dead_all_the_same(redis_server: RedisServer, tmp_path: Path) -> None:
    """crash_before: a handler of everything that tries again and again reaches nothing, and the schedule ends."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> dict[str, Any]:
            while True:
                try:
                    return {"counter": client.incr(key)}
                except BaseException:  # noqa: BLE001, S112 - the misbehaviour under test
                    continue

        return guard

    explored = explore(redis_server, tmp_path, probe(guard_of), faults=1, kinds=[ALL["crash_before"]])
    (events,) = explored.beginning("w0!crash_before")
    assert answers(events) == {"r1": {"counter": 1}}


JUMP_S = LEASE_S * JUMP_LEASES


@NEEDS_CLOCK
def test_paused_process_comes_back_after_redelivery(redis_server: RedisServer, tmp_path: Path) -> None:
    """pause: the redelivered call counts first and is answered, then the zombie's command is applied."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> dict[str, Any]:
            return {"counter": client.incr(key)}

        return guard

    explored = explore(redis_server, tmp_path, probe(guard_of), faults=1, kinds=[ALL["pause"]])
    (events,) = explored.beginning("w0!pause")
    told = answers(events)
    assert told == {"r1": {"counter": 1}, "w0": {"counter": 2}, "r2": {"counter": 3}}
    assert list(told) == ["r1", "w0", "r2"]


def clocks(client: redis.Redis, key: str) -> dict[str, float]:
    """Return every clock that a guard can read, in seconds; the remaining life of a key counts backwards."""
    seconds, microseconds = client.time()
    return {
        "TIME": seconds + microseconds / 1e6,
        "TIME in a script": int(client.eval(SERVER_TIME, 0)) / 1e3,
        "PTTL": -client.pttl(key) / 1e3,
        "time.time": time.time(),
        "time.time_ns": time.time_ns() / 1e9,
        "time.monotonic": time.monotonic(),
        "time.monotonic_ns": time.monotonic_ns() / 1e9,
        "datetime.now": dt.datetime.now(tz=dt.UTC).timestamp(),
    }


@NEEDS_CLOCK
def test_jump_of_time_moves_every_clock(redis_server: RedisServer, tmp_path: Path) -> None:
    """advance: the server, its scripts, its key TTLs and each clock of the client jump past the lease together."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> dict[str, Any]:
            client.set(key, "here", ex=3600)
            before = clocks(client, key)
            client.ping()
            after = clocks(client, key)
            return {name: after[name] - before[name] for name in before}

        return guard

    explored = explore(redis_server, tmp_path, probe(guard_of), faults=1, kinds=[ALL["advance"]])
    steps_before_ping = ("w0",) * 4
    for events in explored.beginning(*steps_before_ping, "advance"):
        moved = answers(events)["w0"]
        assert {name for name, seconds in moved.items() if not JUMP_S <= seconds < JUMP_S + 10} == set()
    for events in explored.beginning("advance"):
        still = answers(events)["w0"]
        assert {name for name, seconds in still.items() if not 0 <= seconds < 10} == set()


@NEEDS_CLOCK
def test_jump_of_time_ends_a_lease(redis_server: RedisServer, tmp_path: Path) -> None:
    """advance: a key that lives for one lease is gone right after the jump, and there without it."""

    def guard_of(client: redis.Redis, lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> dict[str, Any]:
            client.set(key, "here", ex=int(lease_s))
            return {"is_there": bool(client.exists(key))}

        return guard

    explored = explore(redis_server, tmp_path, probe(guard_of), faults=1, kinds=[ALL["advance"]])
    (jumped,) = explored.beginning("w0", "advance")
    assert answers(jumped)["w0"] == {"is_there": False}
    (unjumped,) = explored.beginning("advance")
    assert answers(unjumped)["w0"] == {"is_there": True}
