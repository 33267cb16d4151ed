"""Each fault of the store does what its name says: a key is gone, or the server is another one and has forgotten."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import redis

from harness.explorer.tests.exploring import explore
from harness.explorer.tests.measuring import IN_BOTH_GATES, measure, measure_once
from harness.explorer.tests.probes import answers, probe
from harness.faults.registry import ALL
from verify.history.events import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Effect, Guard

LOSSES = ("restart_losing", "failover_losing")


@IN_BOTH_GATES
def test_evicted_key_is_gone_and_no_other(gate: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """evict: the next read of the key finds nothing, another key of the schedule is still there."""
    explored = measure(redis_server, tmp_path, gate, "setting_two_keys", "evict")
    (events,) = explored.beginning("w0", "evict(k0)")
    assert answers(events)["w0"] == {"mine": None, "other": "<bytes>"}
    (fault,) = [event for event in events if isinstance(event, Fault)]
    assert (fault.at, fault.witness) == ("k0", "the server removed the key, which was there")


def test_key_that_is_not_there_cannot_be_evicted(redis_server: RedisServer, tmp_path: Path) -> None:
    """evict: a schedule whose fault changed nothing is no schedule of its own."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> None:
            client.set(key, "1")
            client.delete(key)

        return guard

    explored = explore(redis_server, tmp_path, probe(guard_of), faults=1, kinds=[ALL["evict"]])
    struck = [line for line in explored.schedules if "evict" in line]
    # While the key is there: after the SET of w0, and after that of r1.
    assert struck == ["same: w0 w0 go-on r1 evict(k0) r1", "same: w0 evict(k0) w0 r1 r1"]


@pytest.mark.in_turn(0)
@IN_BOTH_GATES
@pytest.mark.parametrize("loses", [0, 1, 2])
@pytest.mark.parametrize("kind", LOSSES)
def test_lost_store_has_forgotten_the_last_writes(
    kind: str, loses: int, gate: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """*_losing:n: of three writes the last n are gone, and the ones before are there."""
    explored = measure(redis_server, tmp_path, gate, "setting_three_keys", f"{kind}:{loses}")
    (events,) = explored.beginning("w0", "w0", "w0", f"{kind}:{loses}")
    assert answers(events)["w0"] == {"there": 3 - loses, "last": "<bytes>" if loses == 0 else None}
    assert [event.witness for event in events if isinstance(event, Fault)] == [ALL[f"{kind}:{loses}"].witness]


@pytest.mark.in_turn(1)
@IN_BOTH_GATES
@pytest.mark.parametrize("kind", LOSSES)
def test_lost_store_is_another_one(kind: str, gate: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """*_losing: another run id and no scripts; another replication id after a failover."""
    explored = measure(redis_server, tmp_path, gate, "knowing_its_server", f"{kind}:0")
    (events,) = explored.beginning("w0", "w0", "w0", f"{kind}:0")
    told = answers(events)["w0"]
    assert told == {"is_other": [True, True], "knows": False}


@IN_BOTH_GATES
@pytest.mark.parametrize("kind", LOSSES)
def test_command_on_its_way_is_lost_with_the_store(kind: str, gate: str, redis_server: RedisServer) -> None:
    """*_losing: a late command never lands, and an idle connection is found broken before it is used again."""
    world = measure_once(redis_server, gate, "waiting_in_vain", "w0!late_request", f"{kind}:0", "w0", "w0")
    assert answers(world.trace.events) == {"w0": {"counter": 0}, "r1": {"counter": 1}}


@IN_BOTH_GATES
def test_idle_connection_ends_with_the_one_under_way(gate: str, redis_server: RedisServer) -> None:
    """*_losing: the client knows of all its connections when it knows of the first, and connects anew."""
    world = measure_once(redis_server, gate, "using_two_connections", "w0", "w0", "restart_losing:0", "w0", "w0")
    assert answers(world.trace.events)["w0"] == {"written": True}


@pytest.mark.takes_long
@pytest.mark.in_turn(1)
@pytest.mark.parametrize("kind", LOSSES)
def test_store_that_is_lost_twice_loses_what_was_written_in_between(
    kind: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """*_losing: there must be a new write before one can be lost again."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> dict[str, Any]:
            for number in "12":
                client.set(f"{key}:{number}", "here")
                with suppress(redis.ConnectionError):
                    client.ping()
            return {"there": client.exists(f"{key}:1", f"{key}:2")}

        return guard

    lost = f"{kind}:1"
    explored = explore(redis_server, tmp_path, probe(guard_of), faults=2, kinds=[ALL[lost]])
    assert explored.record.exhausted
    (events,) = explored.beginning("w0", lost, "w0", "w0", lost)
    assert answers(events)["w0"] == {"there": 0}
    assert not [line for line in explored.schedules if f"{lost} {lost}" in line]
    told = {step.outcome for steps in explored.steps.values() for step in steps if step.fault}
    assert told == {
        f"{'a replica takes over' if 'failover' in kind else 'the server starts again'}; the last write is lost"
    }
    assert all(
        step.unsent == (step.outcome == "no connection") for steps in explored.steps.values() for step in steps
    )
