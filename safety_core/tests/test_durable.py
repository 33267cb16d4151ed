"""Durable mode: a write counts when enough copies have confirmed it, and the caller is told when they have not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import Outcome, SideEffectWrapper
from safety_core.idempotency.lua import START
from safety_core.tests.servers import Server, another

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from safety_core.tests.guards import Guard
    from safety_core.tests.relay import Relay

DURABLE: dict[str, Any] = {"mode": "durable", "wait_ms": 100}


def wait_in_sync(primary: Any) -> bool:
    """Write until a replica confirms promptly, several times on end (it stutters at first); ten seconds at most."""
    deadline = time.monotonic() + 10
    prompt = 0
    while prompt < 5 and time.monotonic() < deadline:
        with primary.pipeline(transaction=False) as commands:
            commands.set("probe", 1)
            commands.execute_command("WAIT", 1, 50)
            prompt = prompt + 1 if commands.execute()[1] == 1 else 0
    return prompt == 5


@pytest.fixture
def server(redis_server: Server) -> Iterator[Server]:
    """Yield a server with an append-only file."""
    with another(
        redis_server, appendonly=True, appendfsync="always", config={"repl-diskless-sync-delay": "0"}
    ) as server:
        yield server


def test_every_write_is_fsynced_before_it_counts(make_guard: Callable[..., Guard], server: Server) -> None:
    """With WAITAOF the whole path works on one server, and the record outlives it."""
    guard = make_guard(**DURABLE)
    assert guard.once().outcome is Outcome.EXECUTED
    server.kill()
    server.restart()
    assert (guard.once().outcome, guard.runs) == (Outcome.REPLAYED, 1)


def test_too_few_replicas_give_the_claim_back(make_guard: Callable[..., Guard]) -> None:
    """Nothing runs, and the next caller need not wait for a lease."""
    guard = make_guard(**DURABLE, wait_replicas=1)
    answer = guard.once()
    assert (answer.outcome, answer.executed, guard.runs) == (Outcome.REFUSED_STORE_UNSAFE, False, 0)
    assert "copies" in (answer.reason or "")
    assert (make_guard(**DURABLE).once().outcome, guard.runs) == (Outcome.EXECUTED, 0)


def test_durable_mode_is_refused_where_nothing_can_be_durable(
    make_guard: Callable[..., Guard], redis_server: Server
) -> None:
    """No append-only file and no replica: it says so instead of pretending."""
    guard = make_guard(url=redis_server.url, prepared=False, **DURABLE)
    with SideEffectWrapper(redis_server.url) as plain:
        plain.prepare()
    answer = guard.once()
    assert (answer.outcome, guard.runs) == (Outcome.REFUSED_STORE_UNSAFE, 0)
    assert "append-only" in (answer.reason or "")


def test_unconfirmed_mark_after_the_effect_is_reported_as_unrecorded(
    make_guard: Callable[..., Guard], redis_server: Server
) -> None:
    """The replica went away under the effect: the mark may be lost, so that the caller journals it."""
    with another(redis_server) as replica:
        primary, client = redis_server.client(), replica.client()
        primary.config_set("repl-diskless-sync-delay", 0)
        client.replicaof("127.0.0.1", str(redis_server.port))
        assert wait_in_sync(primary)
        guard = make_guard(url=redis_server.url, mode="durable", wait_replicas=1, wait_ms=500)

        def and_lose_the_replica(claim: Any) -> str:
            replica.kill()
            return "receipt"

        answer = guard.once(effect=and_lose_the_replica)
    assert (answer.outcome, answer.result, guard.runs) == (Outcome.EXECUTED_UNRECORDED, "receipt", 1)
    assert guard.once().outcome is Outcome.REPLAYED


def test_repeated_start_waits_for_a_write_of_its_own(make_guard: Callable[..., Guard], relay: Relay) -> None:
    """A repeat on a fresh connection must not be confirmed by having written nothing."""
    guard = make_guard(url=relay.url, **DURABLE)
    guard.once("the server learns the scripts")
    relay.lose_reply(START)
    assert (guard.once().outcome, guard.runs) == (Outcome.EXECUTED, 2)
