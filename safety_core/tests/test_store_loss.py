"""A store that may have lost claims is quarantined: nothing new runs until the venue was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import (
    Found,
    NotFound,
    Outcome,
    ProbeUnknown,
    Reconciler,
    Resolution,
    StoreQuarantinedError,
    StoreUnavailableError,
    StoreUnsafeError,
    prepare_store,
)
from safety_core.idempotency.lua import START
from safety_core.tests.servers import LEASE_S, LIFE_S, Server, advance, another

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from safety_core.tests.guards import Guard
    from safety_core.tests.relay import Relay

LONG_AFTER = LEASE_S + LIFE_S + 1


@pytest.fixture
def server(redis_server: Server) -> Iterator[Server]:
    """Yield a server that keeps its data over a restart."""
    with another(redis_server, appendonly=True, appendfsync="always") as server:
        yield server


def reconciler(guard: Guard, answer: Any) -> Reconciler:
    """Return a reconciler whose venue always gives the same answer."""
    return Reconciler(guard.sync, {"order": lambda record: answer})


def test_restarted_store_refuses_new_effects_and_still_replays(guard: Guard, server: Server) -> None:
    """Its run id changed: what is DONE is known, what is absent may be forgotten."""
    guard.once("before")
    server.restart()
    assert guard.once("before").outcome is Outcome.REPLAYED
    answer = guard.once("after")
    assert (answer.outcome, guard.runs) == (Outcome.REFUSED_STORE_UNSAFE, 1)
    assert "quarantine" in (answer.reason or "")


def test_conflict_and_doubt_are_answered_in_quarantine_too(guard: Guard, server: Server) -> None:
    """A quarantine hides nothing that is known."""

    def time_out(claim: Any) -> Any:
        raise TimeoutError

    guard.once("done")
    guard.once("doubt", time_out)
    server.restart()
    assert guard.once("done", payload={"other": 1}).outcome is Outcome.CONFLICT
    assert guard.once("doubt").outcome is Outcome.IN_DOUBT


def test_prepare_does_not_bless_a_quarantined_store_unasked(guard: Guard, server: Server) -> None:
    """Only force does, and it is the caller's word that everything is settled."""
    server.restart()
    with pytest.raises(StoreQuarantinedError):
        guard.prepare()
    assert prepare_store(server.url, settings=guard.settings, force=True).quarantined is False
    assert guard.once().outcome is Outcome.EXECUTED


def test_prepare_twice_on_the_same_store_changes_nothing(guard: Guard) -> None:
    """Workers may all prepare at their start."""
    guard.prepare()
    assert guard.once().outcome is Outcome.EXECUTED


def test_emptied_store_is_refused_even_by_a_guard_that_knew_it(guard: Guard, redis_server: Server) -> None:
    """A guard whose store came back empty is not fooled by the emptiness."""
    guard = type(guard)(guard.flavour, redis_server.url, guard.settings)
    guard.prepare()
    guard.once()
    redis_server.restart()
    answer = guard.once()
    assert (answer.outcome, guard.runs) == (Outcome.REFUSED_STORE_UNSAFE, 1)
    guard.close()


def test_lost_record_of_a_done_effect_is_found_at_the_venue(guard: Guard, server: Server) -> None:
    """P9: the record is gone, the order is there: it becomes DONE, and the redelivery a replay."""
    key = guard.once().key
    server.client().delete(key)
    server.restart()
    assert guard.once().outcome is Outcome.REFUSED_STORE_UNSAFE
    done = reconciler(guard, Found({"receipt": "from the venue"})).reconcile("order", "intent-1")
    assert done.resolution is Resolution.DONE
    answer = guard.once()
    assert (answer.outcome, answer.result, guard.runs) == (
        Outcome.REPLAYED,
        {"receipt": "from the venue"},
        1,
    )


def test_absent_key_is_cleared_only_after_lease_and_request_life(guard: Guard, server: Server) -> None:
    """Right after the loss "not found" proves nothing; later it lets this one key run."""
    server.restart()
    guard.once()
    asked = reconciler(guard, NotFound())
    early = asked.reconcile("order", "intent-1", payload={"n": 1})
    assert early.resolution is Resolution.OPEN
    assert LIFE_S * 1000 < (early.wait_ms or 0) <= LONG_AFTER * 1000
    advance(server, LONG_AFTER)
    assert asked.reconcile("order", "intent-1", payload={"n": 1}).resolution is Resolution.FAILED
    assert guard.once(payload={"n": 2}).outcome is Outcome.CONFLICT
    assert (guard.once(payload={"n": 1}).outcome, guard.runs) == (Outcome.EXECUTED, 1)
    assert guard.once("another").outcome is Outcome.REFUSED_STORE_UNSAFE


def test_record_that_knew_no_payload_learns_it_from_the_venue(guard: Guard, server: Server) -> None:
    """Settled as never done, begun anew, and forgotten again: whose effect it is tells the venue only."""
    server.restart()
    asked = reconciler(guard, NotFound())
    assert asked.reconcile("order", "intent-1").resolution is Resolution.OPEN
    advance(server, LONG_AFTER)
    assert asked.reconcile("order", "intent-1").resolution is Resolution.FAILED
    server.restart()
    found = Found({"receipt": "from the venue"}, payload={"n": 1})
    assert reconciler(guard, found).reconcile("order", "intent-1").resolution is Resolution.DONE
    assert guard.once(payload={"n": 2}).outcome is Outcome.CONFLICT
    assert (guard.once(payload={"n": 1}).outcome, guard.runs) == (Outcome.REPLAYED, 0)


def test_claim_from_before_the_loss_is_a_doubt_and_not_a_takeover(guard: Guard, server: Server) -> None:
    """Its START may be among what was lost."""
    key = guard.once().key
    client: Any = server.client()
    client.hset(key, mapping={"s": "C", "l": 1})
    server.restart()
    assert guard.once().outcome is Outcome.REFUSED_STORE_UNSAFE
    guard.sync.prepare(force=True)
    assert (guard.once().outcome, guard.runs) == (Outcome.IN_DOUBT, 1)


def test_quarantine_is_lifted_when_every_doubt_is_settled(guard: Guard, server: Server) -> None:
    """The listed and the named ones are asked for; then new effects run again."""

    def time_out(claim: Any) -> Any:
        raise TimeoutError

    guard.once("doubt", time_out)
    server.restart()
    guard.once("outstanding")
    early = reconciler(guard, NotFound()).lift_quarantine([("order", "outstanding")])
    assert not early.lifted
    assert len(early.reconciled) == 2
    assert guard.once("new").outcome is Outcome.REFUSED_STORE_UNSAFE
    advance(server, LONG_AFTER)
    assert not reconciler(guard, ProbeUnknown()).lift_quarantine().lifted
    assert reconciler(guard, NotFound()).lift_quarantine([("order", "outstanding")]).lifted
    assert [guard.once(name).outcome for name in ("new", "doubt", "outstanding")] == [Outcome.EXECUTED] * 3


def test_lifting_where_nothing_is_wrong_is_harmless(guard: Guard) -> None:
    """An operator may press the button twice."""
    assert reconciler(guard, NotFound()).lift_quarantine().lifted


def test_store_that_is_gone_or_a_replica_cannot_be_prepared(make_guard: Callable[..., Guard], server: Server) -> None:
    """Preparing says why it could not, by type."""
    guard = make_guard(prepared=False)
    client: Any = server.client()
    client.replicaof("127.0.0.1", "1")
    with pytest.raises(StoreUnsafeError):
        guard.prepare()
    server.kill()
    with pytest.raises(StoreUnavailableError):
        guard.prepare()


@pytest.mark.parametrize("prepared_again", [False, True])
def test_start_is_not_sent_to_a_store_of_another_identity(
    make_guard: Callable[..., Guard], server: Server, relay: Relay, *, prepared_again: bool
) -> None:
    """The store restarted between claim and START: nothing runs, even where somebody has blessed it meanwhile."""
    # Patience for a restart on a busy machine: a reply that came too late would be another story.
    guard = make_guard(url=relay.url, socket_timeout_s=30.0)
    guard.once("the server learns the scripts")

    def restart() -> None:
        server.restart()
        if prepared_again:
            prepare_store(server.url, settings=guard.settings, force=True)

    relay.before(START, restart)
    answer = guard.once()
    assert (answer.outcome, answer.executed, guard.runs) == (Outcome.REFUSED_STORE_UNSAFE, False, 1)
