"""Each fault of a command does what its name says: to the server, and to the client that sent it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis.exceptions import BusyLoadingError

from harness.explorer.tests.exploring import explore
from harness.explorer.tests.probes import answers, probe
from harness.faults.registry import ALL
from verify.history.events import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Effect, Guard
    from verify.history.events import Event

UNKNOWN_SCRIPT = "0" * 40


def counting(client: redis.Redis, _lease_s: float) -> Guard:
    """Make a guard that counts once and says what was raised and what the counter is then."""

    def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> dict[str, Any]:
        raised = ""
        try:
            client.incr(key)
        except redis.RedisError as error:
            raised = type(error).__name__
        counter = client.get(key)
        return {"raised": raised, "counter": 0 if counter is None else int(counter)}

    return guard


def first_struck(server: RedisServer, folder: Path, kind: str) -> list[tuple[Event, ...]]:
    """Return the histories in which *kind* strikes the first command of the only worker."""
    explored = explore(server, folder, probe(counting), faults=1, kinds=[ALL[kind]])
    return explored.beginning(f"w0!{kind}")


def test_counting_probe_counts_when_nothing_strikes(redis_server: RedisServer, tmp_path: Path) -> None:
    """The measure itself: without a fault the first process counts 1, its redelivery 2."""
    explored = explore(redis_server, tmp_path, probe(counting))
    assert [answers(events) for events in explored.beginning("w0")] == [
        {"w0": {"raised": "", "counter": 1}, "r1": {"raised": "", "counter": 2}}
    ]


def test_lost_request_never_reaches_the_server(redis_server: RedisServer, tmp_path: Path) -> None:
    """request_lost: the counter stays 0 and the client's connection is gone."""
    (events,) = first_struck(redis_server, tmp_path, "request_lost")
    assert answers(events) == {"w0": {"raised": "ConnectionError", "counter": 0}, "r1": {"raised": "", "counter": 1}}


def test_lost_reply_hides_what_was_applied(redis_server: RedisServer, tmp_path: Path) -> None:
    """reply_lost: the counter is 1 and the client's connection is gone."""
    (events,) = first_struck(redis_server, tmp_path, "reply_lost")
    assert answers(events) == {"w0": {"raised": "ConnectionError", "counter": 1}, "r1": {"raised": "", "counter": 2}}


def test_late_request_lands_at_every_later_point(redis_server: RedisServer, tmp_path: Path) -> None:
    """late_request: a timeout is raised at once, and the command is applied before, between and after later steps."""
    histories = first_struck(redis_server, tmp_path, "late_request")
    told = [answers(events) for events in histories]
    assert {answer["w0"]["raised"] for answer in told} == {"TimeoutError"}
    # (what w0 reads, what r1 reads): landed before w0 reads, before r1 reads, after r1 has read.
    assert {(answer["w0"]["counter"], answer["r1"]["counter"]) for answer in told} == {(1, 2), (0, 2), (0, 1)}
    for events in histories:
        assert [event.at for event in events if isinstance(event, Fault)] == ["w0 1 INCRBY", "landed"]


def _over_memory(client: redis.Redis) -> None:
    client.config_set("maxmemory", 1)
    client.set("one", 1)


def _on_replica(client: redis.Redis) -> None:
    client.replicaof("127.0.0.1", "1")
    client.set("one", 1)


def _behind_dead_primary(client: redis.Redis) -> None:
    client.config_set("replica-serve-stale-data", "no")
    client.replicaof("127.0.0.1", "1")
    client.get("one")


def _without_script(client: redis.Redis) -> None:
    client.evalsha(UNKNOWN_SCRIPT, 0)


def _while_loading(_client: redis.Redis) -> None:
    # No server can be kept loading for the length of a test; this is redis-py's class for the word.
    raise BusyLoadingError


@pytest.mark.parametrize(
    ("variant", "really"),
    [
        ("OOM", _over_memory),
        ("READONLY", _on_replica),
        ("MASTERDOWN", _behind_dead_primary),
        ("NOSCRIPT", _without_script),
        ("LOADING", _while_loading),
    ],
)
def test_error_reply_arrives_as_from_a_real_server(
    variant: str, really: Callable[[redis.Redis], None], redis_server: RedisServer, tmp_path: Path
) -> None:
    """error_reply: the client raises what a server in that state makes it raise, and the command is not applied."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> dict[str, Any]:
            raised = ""
            try:
                if variant == "NOSCRIPT":
                    client.evalsha(client.script_load("return redis.call('INCR', KEYS[1])"), 1, key)
                else:
                    client.incr(key)
            except redis.RedisError as error:
                raised = type(error).__name__
            return {"raised": raised, "counter": client.get(key)}

        return guard

    kind = ALL[f"error_reply:{variant}"]
    explored = explore(redis_server, tmp_path, probe(guard_of), faults=1, kinds=[kind])
    before = ("w0",) if variant == "NOSCRIPT" else ()
    (events,) = explored.beginning(*before, f"w0!{kind.name}")
    with redis_server.client() as client, pytest.raises(redis.RedisError) as real:
        really(client)
    assert answers(events)["w0"] == {"raised": real.type.__name__, "counter": None}


@pytest.mark.parametrize("variant", ["OOM", "READONLY"])
def test_refusal_of_writes_strikes_writes_only(variant: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """error_reply: a full or read-only server still reads, so the GET of the probe is never struck."""
    kind = ALL[f"error_reply:{variant}"]
    explored = explore(redis_server, tmp_path, probe(counting), faults=1, kinds=[kind])
    assert set(explored.record.hits[kind.name]) == {"1 INCRBY", "recovery INCRBY"}
