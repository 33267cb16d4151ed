"""A history is indexed once, and one that contradicts itself is refused."""

from __future__ import annotations

import pytest

from verify.history.events import (
    Complete,
    Died,
    EffectCall,
    EffectReply,
    Event,
    Invoke,
    Landed,
    MalformedEventError,
    from_object,
    to_object,
)
from verify.history.history import History, MalformedHistoryError
from verify.history.tests.histories import bitten, executed, good_history, raced, receipt
from verify.history.words import Outcome

INVOKE = Invoke(process="w1", op=1, key="k", payload="p1")
FAILED = Complete(process="w1", op=1, outcome=Outcome.FAIL)
ASK = EffectCall(process="w1", op=1, call=1, key="k", payload="p1")
TIMEOUT = EffectReply(process="w1", op=1, call=1, answer="timeout")
LANDED = Landed(key="k", n=1, payload="p1", effect_type="order", process="w1", receipt=receipt("k"))


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([FAILED], "without an invoke"),
        ([ASK], "without an invoke"),
        ([INVOKE, INVOKE], "is used twice"),
        ([INVOKE, FAILED, FAILED], "is completed twice"),
        ([INVOKE, ASK, ASK], "is made twice"),
        ([INVOKE, TIMEOUT], "was never made"),
        ([INVOKE, ASK, TIMEOUT, TIMEOUT], "is answered twice"),
        ([INVOKE, Complete(process="w2", op=1, outcome=Outcome.FAIL)], "belongs to process w1"),
        ([INVOKE, Died(process="w1"), FAILED], "died at event 1"),
        ([Died(process="w1"), INVOKE], "died at event 0"),
    ],
)
def test_contradicting_events_are_refused(events: list[Event], reason: str) -> None:
    """The refusal says which event contradicts which."""
    with pytest.raises(MalformedHistoryError, match=reason):
        History(events)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({}, "unknown event None"),
        ({"event": "birth"}, "unknown event 'birth'"),
        ({"event": "complete", "process": "w1", "op": 1, "outcome": "PERHAPS"}, "unknown outcome 'PERHAPS'"),
        ({"event": "died"}, "does not fit its fields"),
        ({"event": "died", "process": "w1", "why": "?"}, "does not fit its fields"),
    ],
)
def test_malformed_line_is_no_event(line: dict[str, object], reason: str) -> None:
    """A line of another format is refused, never half understood."""
    with pytest.raises(MalformedEventError, match=reason):
        from_object(line)


def test_stored_event_comes_back_unchanged() -> None:
    """Writing and reading a history loses nothing."""
    events = [*good_history(9), bitten("reply_lost"), Died(process="w1")]
    assert [from_object(to_object(event)) for event in events] == events


def test_history_knows_what_each_operation_did() -> None:
    """An operation carries its answer, its calls and their replies."""
    history = History(raced())
    winner, loser = history.operations
    assert (winner.number, winner.outcome, winner.invoked_at, winner.completed_at) == (1, Outcome.OK, 0, 6)
    assert [call.reply.answer for call in winner.calls if call.reply] == ["receipt"]
    assert (loser.word, loser.calls, loser.ended_at) == ("in_progress", (), 4)
    assert history.operations_of("k") == [winner, loser]
    assert history.last_deliveries == {("k", "p1"): loser}
    assert history.operations_of("other") == ()


def test_operation_of_a_dead_process_ends_with_it() -> None:
    """Nobody waits for the answer of the dead."""
    (operation,) = History([INVOKE, Died(process="w1")]).operations
    assert (operation.outcome, operation.word, operation.ended_at) == (None, "", 1)


def test_history_with_a_fault_is_not_faultless() -> None:
    """One injected fault is enough."""
    assert History(raced()).is_faultless
    assert not History([bitten("reply_lost"), *raced()]).is_faultless


def test_landing_is_tied_to_the_call_that_was_told_its_receipt() -> None:
    """Of two equal calls of one process, the receipt says which one landed."""
    second: list[Event] = [
        Invoke(process="w1", op=2, key="k", payload="p1"),
        EffectCall(process="w1", op=2, call=1, key="k", payload="p1"),
        LANDED,
        EffectReply(process="w1", op=2, call=1, answer="receipt", receipt=receipt("k")),
    ]
    (landing,) = History([INVOKE, ASK, TIMEOUT, FAILED, *second]).landings
    assert landing.op == 2


def test_late_landing_is_tied_to_the_call_that_timed_out() -> None:
    """With no call open, the oldest one that may still land has landed."""
    second: list[Event] = [
        Invoke(process="w1", op=2, key="k", payload="p1"),
        EffectCall(process="w1", op=2, call=1, key="k", payload="p1"),
        EffectReply(process="w1", op=2, call=1, answer="timeout"),
    ]
    landings = History([INVOKE, ASK, TIMEOUT, *second, LANDED]).landings
    assert [landing.op for landing in landings] == [1]


def test_open_call_is_preferred_to_one_that_timed_out() -> None:
    """A line that was written while a call was open is that call's."""
    second: list[Event] = [
        Invoke(process="w1", op=2, key="k", payload="p1"),
        EffectCall(process="w1", op=2, call=1, key="k", payload="p1"),
        LANDED,
        EffectReply(process="w1", op=2, call=1, answer="timeout"),
    ]
    assert [landing.op for landing in History([INVOKE, ASK, TIMEOUT, *second]).landings] == [2]


def test_rejected_call_explains_no_landing() -> None:
    """The venue said no to it, so the line is somebody else's."""
    rejected = EffectReply(process="w1", op=1, call=1, answer="rejected")
    (landing,) = History([INVOKE, ASK, rejected, LANDED]).landings
    assert landing.call is None
    assert landing.op == 1


def test_each_call_explains_one_landing() -> None:
    """A second line needs a second call."""
    events = executed("w1", 1)
    landings = History([*events, events[2]]).landings
    assert [landing.call is None for landing in landings] == [False, True]


def test_landing_before_any_call_is_nobodys() -> None:
    """A line that precedes every call is explained by none and belongs to no operation."""
    (landing,) = History([LANDED, INVOKE, ASK, TIMEOUT]).landings
    assert (landing.call, landing.op) == (None, None)


def test_generated_history_holds_the_operations_asked_for() -> None:
    """The generator gives n operations, rounded up to whole keys."""
    assert [len(History(good_history(n)).operations) for n in (0, 1, 3, 4, 100)] == [0, 3, 3, 6, 102]
