"""Each fault of a command does what its name says: to the server, and to the client that sent it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis
from redis.exceptions import BusyLoadingError

from harness.explorer.tests.measuring import IN_BOTH_GATES, measure
from harness.explorer.tests.probes import answers
from verify.history.events import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.redis_server.server import RedisServer
    from verify.history.events import Event

UNKNOWN_SCRIPT = "0" * 40


def first_struck(server: RedisServer, folder: Path, gate: str, kind: str) -> list[tuple[Event, ...]]:
    """Return the histories in which *kind* strikes the first command of the only worker."""
    return measure(server, folder, gate, "counting", kind).beginning(f"w0!{kind}")


@IN_BOTH_GATES
def test_counting_probe_counts_when_nothing_strikes(gate: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """The measure itself: without a fault the first process counts 1, its redelivery 2."""
    explored = measure(redis_server, tmp_path, gate, "counting", faults=0)
    assert [answers(events) for events in explored.beginning("w0")] == [
        {"w0": {"raised": "", "counter": 1}, "r1": {"raised": "", "counter": 2}}
    ]


@IN_BOTH_GATES
def test_lost_request_never_reaches_the_server(gate: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """request_lost: the counter stays 0 and the client's connection is gone."""
    (events,) = first_struck(redis_server, tmp_path, gate, "request_lost")
    assert answers(events) == {"w0": {"raised": "ConnectionError", "counter": 0}, "r1": {"raised": "", "counter": 1}}


@IN_BOTH_GATES
def test_lost_reply_hides_what_was_applied(gate: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """reply_lost: the counter is 1 and the client's connection is gone."""
    (events,) = first_struck(redis_server, tmp_path, gate, "reply_lost")
    assert answers(events) == {"w0": {"raised": "ConnectionError", "counter": 1}, "r1": {"raised": "", "counter": 2}}


@IN_BOTH_GATES
def test_late_request_lands_at_every_later_point(gate: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """late_request: a timeout is raised at once, and the command is applied before, between and after later steps."""
    histories = first_struck(redis_server, tmp_path, gate, "late_request")
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


@IN_BOTH_GATES
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
    variant: str, really: Callable[[redis.Redis], None], gate: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """error_reply: the client raises what a server in that state makes it raise, and the command is not applied."""
    kind = f"error_reply:{variant}"
    guard, before = ("counting_by_script", ["w0"]) if variant == "NOSCRIPT" else ("counting", [])
    (events,) = measure(redis_server, tmp_path, gate, guard, kind).beginning(*before, f"w0!{kind}")
    with redis_server.client() as client, pytest.raises(redis.RedisError) as real:
        really(client)
    assert answers(events)["w0"] == {"raised": real.type.__name__, "counter": 0}


@IN_BOTH_GATES
@pytest.mark.parametrize("variant", ["OOM", "READONLY"])
def test_refusal_of_writes_strikes_writes_only(
    variant: str, gate: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """error_reply: a full or read-only server still reads, so the GET of the probe is never struck."""
    kind = f"error_reply:{variant}"
    explored = measure(redis_server, tmp_path, gate, "counting", kind)
    assert set(explored.record.hits[kind]) == {"1 INCRBY", "recovery INCRBY"}
