"""Each fault of the store does what its name says: a key is gone, or the server is another one and has forgotten."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import redis

from harness.explorer.tests.exploring import explore
from harness.explorer.tests.probes import answers, probe
from harness.faults.registry import ALL
from verify.history.events import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Effect, Guard

NEXT = "return redis.call('INCR', KEYS[1])"
LOSSES = ("restart_losing", "failover_losing")


def run_id(client: redis.Redis) -> str:
    """Return the run id that the server names."""
    return str(client.info("server")["run_id"])


def replication_id(client: redis.Redis) -> str:
    """Return the replication id that the server names."""
    return str(client.info("replication")["master_replid"])


def test_evicted_key_is_gone_and_no_other(redis_server: RedisServer, tmp_path: Path) -> None:
    """evict: the next read of the key finds nothing, another key of the schedule is still there."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> dict[str, Any]:
            client.mset({key: "1", f"{key}:other": "2"})
            return {"mine": client.get(key), "other": client.get(f"{key}:other")}

        return guard

    explored = explore(redis_server, tmp_path, probe(guard_of), faults=1, kinds=[ALL["evict"]])
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


@pytest.mark.parametrize("loses", [0, 1, 2])
@pytest.mark.parametrize("kind", LOSSES)
def test_lost_store_has_forgotten_the_last_writes(
    kind: str, loses: int, redis_server: RedisServer, tmp_path: Path
) -> None:
    """*_losing:n: of three writes the last n are gone, and the ones before are there."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> dict[str, Any]:
            for number in "123":
                client.set(f"{key}:{number}", "here")
            with suppress(redis.ConnectionError):
                client.ping()
            return {"there": client.exists(*(f"{key}:{number}" for number in "123")), "last": client.get(f"{key}:3")}

        return guard

    explored = explore(redis_server, tmp_path, probe(guard_of), faults=1, kinds=[ALL[f"{kind}:{loses}"]])
    (events,) = explored.beginning("w0", "w0", "w0", f"{kind}:{loses}")
    assert answers(events)["w0"] == {"there": 3 - loses, "last": "<bytes>" if loses == 0 else None}
    assert [event.witness for event in events if isinstance(event, Fault)] == [ALL[f"{kind}:{loses}"].witness]


@pytest.mark.parametrize("kind", LOSSES)
def test_lost_store_is_another_one(kind: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """*_losing: another run id and no scripts; another replication id after a failover."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> dict[str, Any]:
            digest = client.script_load(NEXT)
            before = run_id(client), replication_id(client)
            with suppress(redis.ConnectionError):
                client.ping()
            after = run_id(client), replication_id(client)
            known = client.script_exists(digest)[0]
            return {"is_other": [one != other for one, other in zip(before, after, strict=True)], "knows": known}

        return guard

    explored = explore(redis_server, tmp_path, probe(guard_of), faults=1, kinds=[ALL[f"{kind}:0"]])
    (events,) = explored.beginning("w0", "w0", "w0", f"{kind}:0")
    told = answers(events)["w0"]
    assert told == {"is_other": [True, True], "knows": False}


@pytest.mark.parametrize("kind", LOSSES)
def test_command_on_its_way_is_lost_with_the_store(kind: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """*_losing: a late command never lands, and an idle connection is found broken before it is used again."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> dict[str, Any]:
            try:
                client.incr(key)
            except redis.TimeoutError:
                effect(payload)
            return {"counter": int(client.get(key) or 0)}

        return guard

    kinds = [ALL["late_request"], ALL[f"{kind}:0"]]
    explored = explore(redis_server, tmp_path, probe(guard_of), faults=2, kinds=kinds)
    for events in explored.beginning("w0!late_request", f"{kind}:0", "w0", "w0"):
        assert answers(events) == {"w0": {"counter": 0}, "r1": {"counter": 1}}


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
