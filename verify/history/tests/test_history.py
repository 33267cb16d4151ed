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
    Phase,
    Reconciled,
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
        ([INVOKE, ASK, EffectReply(process="w2", op=1, call=1, answer="timeout")], "belongs to process w1"),
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


def test_receipt_tells_a_late_landing_from_that_of_an_open_call() -> None:
    """A line that lands late inside another call of the same process is not mistaken for that call's."""
    second: list[Event] = [
        Invoke(process="w1", op=2, key="k", payload="p1"),
        EffectCall(process="w1", op=2, call=1, key="k", payload="p1"),
        LANDED,
        Landed(key="k", n=2, payload="p1", effect_type="order", process="w1", receipt=receipt("k", 2)),
        EffectReply(process="w1", op=2, call=1, answer="receipt", receipt=receipt("k", 2)),
    ]
    assert [landing.op for landing in History([INVOKE, ASK, TIMEOUT, *second]).landings] == [1, 2]


def test_late_landings_are_tied_to_the_calls_that_timed_out_one_by_one() -> None:
    """The first late line belongs to the first call, the next one to the next."""
    events: list[Event] = []
    for op in (1, 2, 3):
        events += [
            Invoke(process="w1", op=op, key="k", payload="p1"),
            EffectCall(process="w1", op=op, call=1, key="k", payload="p1"),
            EffectReply(process="w1", op=op, call=1, answer="timeout"),
        ]
    landings = History([*events, LANDED, LANDED, LANDED]).landings
    assert [landing.call.event.op for landing in landings if landing.call] == [1, 2, 3]


def test_same_receipt_told_twice_explains_the_lines_in_order() -> None:
    """A receipt from before a call is not the call's own; one from after its reply is not either."""
    told = EffectReply(process="w1", op=1, call=1, answer="receipt", receipt=receipt("k"))
    assert [bool(landing.call) for landing in History([LANDED, INVOKE, ASK, LANDED, told]).landings] == [False, True]
    (late,) = History([INVOKE, ASK, told, LANDED]).landings
    assert late.call is not None
    events: list[Event] = [INVOKE, ASK, told, EffectCall(process="w1", op=1, call=2, key="k", payload="p1"), LANDED]
    assert [landing.call.event.call for landing in History(events).landings if landing.call] == [2]


def test_unexplained_landing_belongs_to_the_latest_operation_of_its_process() -> None:
    """Without a call, the operation that the process was in has landed it."""
    invokes: list[Event] = [Invoke(process="w1", op=op, key="k", payload="p1") for op in (1, 2, 3)]
    assert [landing.op for landing in History([*invokes, LANDED]).landings] == [3]
    assert [landing.op for landing in History([*invokes[:2], LANDED, invokes[2], LANDED]).landings] == [2, 3]


def test_history_keeps_phases_deaths_and_reconciliations_with_their_places() -> None:
    """A report can say when each of them happened."""
    reconciled = Reconciled(process="r1", key="k", answer="open")
    history = History([Phase(name="heal"), Died(process="w1"), Died(process="w1"), reconciled])
    assert history.phases == ((0, Phase(name="heal")),)
    assert history.deaths == {"w1": 1}
    assert history.reconciliations == ((3, reconciled),)
    assert history.has_phase("heal")
    assert not history.has_phase("redeliver")


def test_a_request_that_cannot_be_told_apart_is_damage_although_every_line_is_explained() -> None:
    """A line may hold anything: nothing is said of a history that holds what is no value of an event."""
    odd = from_object({"event": "effect_call", "process": "w1", "op": 1, "call": 2, "key": "k", "payload": ["p1"]})
    events: list[Event] = [
        INVOKE,
        ASK,
        LANDED,
        EffectReply(process="w1", op=1, call=1, answer="receipt", receipt=receipt("k")),
        odd,
    ]
    History(events[:-1])
    with pytest.raises(TypeError, match="unhashable"):
        History(events)
