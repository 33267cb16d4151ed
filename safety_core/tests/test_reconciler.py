"""A doubt ends when the venue was asked, not before, and never twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import (
    Found,
    NotFound,
    Outcome,
    ProbeUnknown,
    Reconciler,
    Record,
    Resolution,
    SettingsError,
)
from safety_core.idempotency.lua import RESOLVE
from safety_core.tests.servers import LEASE_S, LIFE_S, Server, advance

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.tests.guards import Guard
    from safety_core.tests.relay import Relay


def time_out(claim: Any) -> Any:
    """Fail after sending."""
    raise TimeoutError


def die(claim: Any) -> Any:
    """Die inside the effect."""
    raise KeyboardInterrupt


def probing(guard: Guard, answer: Any) -> Reconciler:
    """Return a reconciler whose venue always gives the same answer."""
    return Reconciler(guard.sync, {"order": lambda record: answer})


def test_found_effect_becomes_done_with_the_venues_result(guard: Guard) -> None:
    """What the venue has is replayed from now on, without waiting for anything."""
    guard.once(effect=time_out)
    assert probing(guard, Found({"receipt": 7})).reconcile("order", "intent-1").resolution is Resolution.DONE
    answer = guard.once()
    assert (answer.outcome, answer.result, guard.runs) == (Outcome.REPLAYED, {"receipt": 7}, 1)


def test_effect_of_another_intent_does_not_answer_for_this_one(guard: Guard, server: Server) -> None:
    """The venue may know one whose record is gone: this one was not found, and has to wait until it cannot come."""
    mine, other = {"n": 1}, {"n": 2}
    guard.once(effect=time_out, payload=mine)
    asked = probing(guard, Found({"receipt": 7}, payload=other))
    early = asked.reconcile("order", "intent-1")
    assert early.resolution is Resolution.OPEN
    assert 0 < (early.wait_ms or 0) <= LIFE_S * 1000 + 1
    advance(server, LIFE_S + 1)
    assert asked.reconcile("order", "intent-1").resolution is Resolution.DONE
    assert guard.once(payload=mine).outcome is Outcome.CONFLICT
    answer = guard.once(payload=other)
    assert (answer.outcome, answer.result, guard.runs) == (Outcome.REPLAYED, {"receipt": 7}, 1)


def test_not_found_counts_only_after_the_requests_life(guard: Guard, server: Server) -> None:
    """Until then the request may still be accepted; afterwards the key may be claimed again."""
    guard.once(effect=time_out)
    early = probing(guard, NotFound()).reconcile("order", "intent-1")
    assert early.resolution is Resolution.OPEN
    assert 0 < (early.wait_ms or 0) <= LIFE_S * 1000 + 1
    advance(server, LIFE_S + 1)
    assert probing(guard, NotFound()).reconcile("order", "intent-1").resolution is Resolution.FAILED
    answer = guard.once()
    assert (answer.outcome, answer.fence, guard.runs) == (Outcome.EXECUTED, 2, 2)


def test_started_record_is_left_alone_while_its_lease_runs(guard: Guard, server: Server) -> None:
    """Its holder may be about to send; even a finding is not written over it."""
    asked: list[Record] = []

    def probe(record: Record) -> Found:
        asked.append(record)
        return Found()

    with pytest.raises(KeyboardInterrupt):
        guard.once(effect=die)
    reconciler = Reconciler(guard.sync, {"order": probe})
    assert reconciler.reconcile("order", "intent-1").resolution is Resolution.OPEN
    assert asked == []
    advance(server, LEASE_S + 1)
    assert reconciler.reconcile("order", "intent-1").resolution is Resolution.DONE
    assert asked[0].client_order_id.startswith("o-")


def test_dead_holder_is_given_lease_and_life(guard: Guard, server: Server) -> None:
    """It may have sent at the last moment of its lease."""
    with pytest.raises(KeyboardInterrupt):
        guard.once(effect=die)
    advance(server, LEASE_S + LIFE_S - 5)
    assert probing(guard, NotFound()).reconcile("order", "intent-1").resolution is Resolution.OPEN
    advance(server, 6)
    assert probing(guard, NotFound()).reconcile("order", "intent-1").resolution is Resolution.FAILED


@pytest.mark.parametrize("trouble", ["unknown", "raises"])
def test_venue_that_gives_no_answer_leaves_the_doubt_open(guard: Guard, server: Server, trouble: str) -> None:
    """Not knowing is not "not found"."""

    def probe(record: Record) -> ProbeUnknown:
        if trouble == "raises":
            raise TimeoutError
        return ProbeUnknown()

    guard.once(effect=time_out)
    advance(server, 10 * LIFE_S)
    assert Reconciler(guard.sync, {"order": probe}).reconcile("order", "intent-1").resolution is Resolution.OPEN
    assert guard.once().outcome is Outcome.IN_DOUBT


@pytest.mark.parametrize("state", ["absent", "done", "failed"])
def test_where_there_is_no_doubt_nothing_is_asked_or_written(guard: Guard, state: str) -> None:
    """The venue is not bothered about what is known."""

    def refuse(claim: Any) -> Any:
        raise ConnectionRefusedError

    def must_not_ask(record: Record) -> Found:
        raise AssertionError(record)

    if state == "done":
        guard.once()
    if state == "failed":
        guard.once(effect=refuse)
    reconciler = Reconciler(guard.sync, {"order": must_not_ask})
    assert reconciler.reconcile("order", "intent-1").resolution is Resolution.NOTHING_TO_DO


def test_open_doubts_are_listed_and_settled_together(guard: Guard, server: Server) -> None:
    """What is open can be counted, whatever its entity is called."""
    for name in ("a:b", "c%d", "é"):
        guard.once(name, time_out)
    guard.once("done")
    advance(server, LIFE_S + 1)
    reconciler = probing(guard, NotFound())
    assert {record.entity_id for record in reconciler.open_records()} == {"a:b", "c%d", "é"}
    assert len(reconciler.open_records(limit=2)) == 2
    assert [one.resolution for one in reconciler.reconcile_open()] == [Resolution.FAILED] * 3
    assert reconciler.open_records() == []


def test_missing_probe_is_said_and_not_guessed(guard: Guard) -> None:
    """A reconciler without the right question has no answer."""
    guard.once(effect=time_out)
    with pytest.raises(SettingsError, match="order"):
        Reconciler(guard.sync, {"ledger": lambda record: NotFound()}).reconcile("order", "intent-1")


def test_record_that_moved_while_the_venue_was_asked_is_not_overruled(guard: Guard, server: Server) -> None:
    """Another reconciler was faster, and a successor has run since: the late word is dropped."""
    guard.once(effect=time_out)
    advance(server, LIFE_S + 1)

    def slow(record: Record) -> NotFound:
        probing(guard, NotFound()).reconcile("order", "intent-1")
        flavour, guard.flavour = guard.flavour, "sync"
        assert guard.once().outcome is Outcome.EXECUTED
        guard.flavour = flavour
        return NotFound()

    slow_one = Reconciler(guard.sync, {"order": slow}).reconcile("order", "intent-1")
    assert slow_one.resolution is Resolution.OPEN
    assert (guard.once().outcome, guard.runs) == (Outcome.REPLAYED, 2)


@pytest.mark.parametrize("loss", ["request", "reply"])
def test_lost_word_of_the_reconciler_is_repeated_and_recognised(
    make_guard: Callable[..., Guard], relay: Relay, loss: str
) -> None:
    """Its own first write, applied without an answer, is not taken for another's."""
    guard = make_guard(url=relay.url)
    for name in ("the server learns RESOLVE", "intent-1"):
        guard.once(name, time_out)
    reconciler = probing(guard, Found("receipt"))
    reconciler.reconcile("order", "the server learns RESOLVE")
    (relay.lose_request if loss == "request" else relay.lose_reply)(RESOLVE)
    assert reconciler.reconcile("order", "intent-1").resolution is Resolution.DONE
    assert relay.witnessed == [loss]
    assert guard.once().result == "receipt"


def test_late_word_of_the_reconciler_does_not_undo_what_came_after(
    make_guard: Callable[..., Guard], relay: Relay, server: Server
) -> None:
    """A resolution that lands after a successor's effect finds another fence."""
    guard = make_guard(url=relay.url)
    for name in ("the server learns RESOLVE", "intent-1"):
        guard.once(name, time_out)
    advance(server, LIFE_S + 1)
    reconciler = probing(guard, NotFound())
    reconciler.reconcile("order", "the server learns RESOLVE")
    relay.delay(RESOLVE)
    assert reconciler.reconcile("order", "intent-1").resolution is Resolution.FAILED
    assert guard.once().outcome is Outcome.EXECUTED
    assert relay.deliver_late() == [b"$5\r\nMOVED\r\n"]
    assert guard.once().outcome is Outcome.REPLAYED
