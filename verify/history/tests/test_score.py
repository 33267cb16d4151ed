"""The checkers are scored: each operation is tried on every event, and what nobody notices is explained or listed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from verify.history import judge
from verify.history.checkers import CHECKERS
from verify.history.events import (
    BreakerTerms,
    Complete,
    Died,
    EffectCall,
    EffectReply,
    Event,
    Fault,
    Invoke,
    Landed,
    Phase,
    Reconciled,
    RetryTerms,
)
from verify.history.legality import (
    DID_NOTHING,
    FOR_READERS,
    FOUND_OUT,
    LANDED_ANYWAY,
    MAY_BE_LOST,
    NOT_PROMISED,
    NOT_WAITED_FOR,
    OF_HARNESS,
    OF_NO_RESULT,
    OTHER_REASON,
    OTHER_TERMS,
    OVERLAPS,
    RECORDED,
    REFUSED,
    SAYS_LESS,
    SIDE_BY_SIDE,
    SILENT,
    TWICE,
    UNHEARD,
    why_legal,
)
from verify.history.mutants import Mutant, Operation, mutants_of
from verify.history.promises import Promise
from verify.history.score import Recorded, Score
from verify.history.tests import stored
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGEST = "fefd3458e7cdff3b"
RECEIPT = '{"receipt_id":"k0/1"}'
INVOKE = Invoke(process="w0", op=1, key="k0", payload=DIGEST)
CALL = EffectCall(process="w0", op=1, call=1, key="k0", payload=DIGEST)
LANDED = Landed(key="k0", n=1, payload=DIGEST, effect_type="order", process="w0", receipt=RECEIPT)
REPLY = EffectReply(process="w0", op=1, call=1, answer="receipt", receipt=RECEIPT)
DONE = Complete(process="w0", op=1, outcome=Outcome.OK, result=RECEIPT)
OTHER = Invoke(process="w1", op=2, key="k0", payload=DIGEST)
REPLAYED = Complete(process="w1", op=2, outcome=Outcome.OK, result=RECEIPT)
OTHER_CALL = EffectCall(process="w1", op=2, call=1, key="k0", payload=DIGEST)
IDENTIFIED = replace(CALL, order_id="a")
REJECTED = EffectReply(process="w0", op=1, call=1, answer="rejected")
TIMEOUT = EffectReply(process="w0", op=1, call=1, answer="timeout")
DOUBT = Complete(process="w0", op=1, outcome=Outcome.INDETERMINATE, word="in_doubt")
OPEN_STILL = Reconciled(process="c1", key="k0", answer="open")
TERMS = BreakerTerms(failures=1, probes=1, lease_s=10.0, at_ns=0)
GOOD: tuple[Event, ...] = (Phase(name="workload"), INVOKE, CALL, LANDED, REPLY, DONE, OTHER, REPLAYED)
LIMITS: dict[type, Promise] = {BreakerTerms: Promise.CIRCUIT_BREAKER, RetryTerms: Promise.RETRY_POLICY}
OF_OTHERS = {"audit_complete-one-of-each", "audit_first-intent-of-the-dead", "replay_equality-same-json"}
"""Histories that no guard gives in an exploration: of an audit, or with one value in two words."""
PROMISED = Promise.EXACTLY_ONCE_OR_IN_DOUBT


def scored(*histories: Sequence[Event], promise: Promise = PROMISED) -> Score:
    """Return the score of the checkers by these histories."""
    recorded, score = Recorded(), Score()
    for events in histories:
        recorded.add(events)
    for events in histories:
        score.take(events, promise, recorded, where="one")
    return score


def test_every_event_is_dropped_told_twice_reordered_and_changed() -> None:
    """One event of each mutant is not as it was recorded, and all values of a word with few are tried."""
    mutants = list(mutants_of(GOOD))
    for operation, more in ((Operation.DROP, -1), (Operation.DUPLICATE, 1)):
        made = [mutant for mutant in mutants if mutant.operation is operation]
        assert [mutant.at for mutant in made] == list(range(len(GOOD)))
        assert {len(mutant.events) for mutant in made} == {len(GOOD) + more}
    swapped = [mutant for mutant in mutants if mutant.operation is Operation.REORDER]
    assert len(swapped) == len(GOOD) - 1
    assert all(sorted(map(repr, mutant.events)) == sorted(map(repr, GOOD)) for mutant in swapped)
    changed = [mutant for mutant in mutants if mutant.operation is Operation.CHANGE]
    assert all(sum(a != b for a, b in zip(mutant.events, GOOD, strict=True)) == 1 for mutant in changed)
    assert {mutant.value for mutant in changed if mutant.words == "change complete.outcome"} == {
        Outcome.FAIL,
        Outcome.INDETERMINATE,
    }
    assert len({mutant.events for mutant in mutants}) > len(mutants) * 0.8


def test_what_is_noticed_legal_and_neither_is_all_there_is() -> None:
    """Each mutant is counted once."""
    score = scored(GOOD)
    told = score.to_object()
    assert told["noticed"] + told["legal"] + told["not_noticed"] == told["mutants"] == len(list(mutants_of(GOOD)))
    assert told["noticed"] > told["mutants"] / 2
    assert sum(told["noticed_by"].values()) == told["noticed"]
    assert sum(told["legal_because"].values()) == told["legal"]
    assert sum(each["mutants"] for each in told["not_noticed_at"]) == told["not_noticed"]
    assert all(each["example"]["history"] == "one" for each in told["not_noticed_at"])


def test_a_checker_less_is_a_lower_score(monkeypatch: pytest.MonkeyPatch) -> None:
    """The score falls when a checker is blind."""
    whole = scored(GOOD).noticed.total()
    for name in ("book_integrity", "truthful_outcome"):
        few = tuple(checker for checker in CHECKERS if checker.name != name)
        with monkeypatch.context() as patch:
            patch.setattr(judge, "CHECKERS", few)
            assert scored(GOOD).noticed.total() < whole, name


def test_a_bad_history_scores_nothing() -> None:
    """What is found in a mutant must be due to the change."""
    assert scored((INVOKE, DONE)).histories == 0


def mutant(operation: Operation, at: int, events: Sequence[Event], field: str = "", value: object = None) -> Mutant:
    """Return one mutant of a history."""
    return next(
        each
        for each in mutants_of(events)
        if (each.operation, each.at, each.field) == (operation, at, field) and (not field or each.value == value)
    )


FAULT = Fault(kind="pause", process="w0", at="w0 1 SET", witness="it stood still")
LEGAL = {
    "dropped-answer": (mutant(Operation.DROP, 5, GOOD), SAYS_LESS),
    "dropped-effect": (mutant(Operation.DROP, 2, (INVOKE, CALL, LANDED)), MAY_BE_LOST),
    "dropped-call": (mutant(Operation.DROP, 0, (INVOKE,)), DID_NOTHING),
    "dropped-fault": (mutant(Operation.DROP, 0, (FAULT, INVOKE)), OF_HARNESS),
    "dropped-death": (mutant(Operation.DROP, 1, (INVOKE, Died(process="w0"))), SILENT),
    "twice": (mutant(Operation.DUPLICATE, 0, GOOD), TWICE),
    "overlap": (mutant(Operation.REORDER, 5, GOOD), OVERLAPS),
    "side-by-side": (mutant(Operation.REORDER, 0, (INVOKE, OTHER)), SIDE_BY_SIDE),
    "in-doubt": (mutant(Operation.CHANGE, 5, GOOD, "outcome", Outcome.INDETERMINATE), SAYS_LESS),
    "terms-twice": (mutant(Operation.DUPLICATE, 0, (TERMS, *GOOD)), TWICE),
    "other-terms": (mutant(Operation.CHANGE, 0, (TERMS, *GOOD), "probes", 2), OTHER_TERMS),
    "reconciled-unseen": (mutant(Operation.DROP, 1, (INVOKE, OPEN_STILL)), FOR_READERS),
    "called-side-by-side": (mutant(Operation.REORDER, 2, (INVOKE, OTHER, CALL, OTHER_CALL)), SIDE_BY_SIDE),
    "request-that-did-nothing": (mutant(Operation.DROP, 1, (INVOKE, CALL)), DID_NOTHING),
    "request-refused": (mutant(Operation.CHANGE, 2, (INVOKE, CALL, TIMEOUT), "answer", "rejected"), DID_NOTHING),
    "not-called-for-that": (mutant(Operation.CHANGE, 0, (INVOKE, DOUBT), "effect_type", "order~"), DID_NOTHING),
    "other-reason": (mutant(Operation.CHANGE, 1, (INVOKE, DOUBT), "word", "in_doubt~"), OTHER_REASON),
    "landed-late": (mutant(Operation.REORDER, 3, (INVOKE, CALL, TIMEOUT, DOUBT, LANDED)), LANDED_ANYWAY),
    "other-order-id": (mutant(Operation.CHANGE, 1, (INVOKE, IDENTIFIED), "order_id", "a~"), DID_NOTHING),
    "not-waited-for": (mutant(Operation.REORDER, 2, (INVOKE, CALL, TIMEOUT, DOUBT)), NOT_WAITED_FOR),
    "found-out": (
        mutant(Operation.CHANGE, 3, (INVOKE, CALL, TIMEOUT, DOUBT, OPEN_STILL), "outcome", Outcome.FAIL),
        FOUND_OUT,
    ),
    "refused-and-told": (
        mutant(Operation.CHANGE, 3, (INVOKE, CALL, REJECTED, DOUBT), "outcome", Outcome.FAIL),
        REFUSED,
    ),
    "unheard": (mutant(Operation.CHANGE, 2, (INVOKE, CALL, LANDED), "receipt", f"{RECEIPT}~"), UNHEARD),
    "refused": (mutant(Operation.CHANGE, 7, GOOD, "outcome", Outcome.FAIL), DID_NOTHING),
    "text": (mutant(Operation.CHANGE, 1, GOOD, "delivery", 1), FOR_READERS),
}
NOT_LEGAL = {
    "steps-of-one-process": mutant(Operation.REORDER, 3, GOOD),
    "effect-refused": mutant(Operation.CHANGE, 5, GOOD, "outcome", Outcome.FAIL),
    "fail-out-of-the-air": mutant(Operation.CHANGE, 3, (INVOKE, CALL, TIMEOUT, DOUBT), "outcome", Outcome.FAIL),
    "refused-afterwards": mutant(Operation.CHANGE, 2, (INVOKE, CALL, DOUBT, REJECTED), "outcome", Outcome.FAIL),
    "receipt-that-was-told": mutant(Operation.CHANGE, 3, GOOD, "receipt", f"{RECEIPT}~"),
    "called-for-something-else": mutant(Operation.CHANGE, 1, GOOD, "payload", f"{DIGEST}~"),
    "terms-left-out": mutant(Operation.DROP, 0, (TERMS, *GOOD)),
    "another-type": mutant(Operation.CHANGE, 1, GOOD, "effect_type", "order~"),
    "order-of-effects": mutant(
        Operation.REORDER, 0, (LANDED, EffectCall(process="w1", op=2, call=1, key="k0", payload=DIGEST))
    ),
}


@pytest.mark.parametrize("case", LEGAL)
def test_what_is_legal_has_its_reason(case: str) -> None:
    """The reason is the one that holds of this change."""
    made, reason = LEGAL[case]
    assert why_legal(made, (), beside=(), recorded=Recorded(), promise=PROMISED) == reason


@pytest.mark.parametrize("case", NOT_LEGAL)
def test_what_means_something_has_no_reason(case: str) -> None:
    """It is listed as not noticed."""
    assert why_legal(NOT_LEGAL[case], (), beside=(), recorded=Recorded(), promise=PROMISED) == ""


def test_what_another_schedule_gave_is_legal() -> None:
    """A mutant that is a recorded history is one that a sound guard has given."""
    overlapping = (*GOOD[:5], OTHER, DONE, REPLAYED)
    assert RECORDED in scored(GOOD, overlapping).legal
    assert RECORDED not in scored(GOOD).legal


def test_what_is_not_promised_is_legal_under_the_promise() -> None:
    """Only what the change brought about counts: what was found in the recorded history says nothing."""
    made = NOT_LEGAL["another-type"]
    other = ["mutual_exclusion"]
    assert why_legal(made, other, beside=(), recorded=Recorded(), promise=PROMISED) == NOT_PROMISED
    assert why_legal(made, other, beside=other, recorded=Recorded(), promise=PROMISED) == ""


def test_results_are_free_where_nobody_promises_them() -> None:
    """A breaker lets calls through and says nothing of what they return; a once-only guard does."""
    made = mutant(Operation.CHANGE, 7, GOOD, "result", f"{RECEIPT}~")
    assert why_legal(made, (), beside=(), recorded=Recorded(), promise=Promise.CIRCUIT_BREAKER) == OF_NO_RESULT
    assert why_legal(made, (), beside=(), recorded=Recorded(), promise=PROMISED) == ""


def test_nothing_of_a_good_history_is_neither_noticed_nor_legal() -> None:
    """Whatever is changed of one event, a checker speaks up or a reason is known."""
    told = {}
    for name in sorted(set(stored.names("good")) - OF_OTHERS):
        events = stored.read("good", name)
        promise = LIMITS.get(type(events[0]), PROMISED)
        told[name] = scored(events, promise=promise).to_object()["not_noticed_at"]
    assert {name: left for name, left in told.items() if left} == {}
