"""Figures are counted from the history, by the second of the answer, and their memory does not grow."""

from __future__ import annotations

from harness.storm.figures import Figures
from harness.storm.recording import as_line
from harness.storm.tests.written import call, key_of
from verify.history.events import Complete, Event, Invoke
from verify.history.words import Outcome

SECOND = 1_000_000_000


def _lasting(op: int, began_ns: int, milliseconds: int, outcome: Outcome = Outcome.OK) -> list[Event]:
    invoke, _ = call(1, op, key_of(1), began_ns)
    assert isinstance(invoke, Invoke)
    at_ns = began_ns + milliseconds * 1_000_000
    return [invoke, Complete(process=invoke.process, op=invoke.op, outcome=outcome, detail="x", at_ns=at_ns)]


def test_answers_and_latencies_by_second() -> None:
    """Each answer counts in its second; percentiles are right to a tenth."""
    figures = Figures(began_ns=5 * SECOND)
    events = [event for n in range(99) for event in _lasting(n, 5 * SECOND, 10)]
    events += _lasting(200, 5 * SECOND, 500, Outcome.INDETERMINATE) + _lasting(201, 7 * SECOND, 100)
    figures.take(as_line(event) for event in events)
    told = figures.to_object()
    assert told["answers"] == {"OK": 100, "INDETERMINATE": 1}
    assert [(each["second"], each["answers"]) for each in told["series"]] == [
        (0, {"INDETERMINATE": 1, "OK": 99}),
        (2, {"OK": 1}),
    ]
    assert 10 <= told["p50_ms"] <= 11.1
    assert 10 <= told["p95_ms"] <= 11.1
    assert 100 <= told["p99_ms"] <= 111
    assert told["seconds"] == 2.1


def test_what_is_delivered_after_the_storm_does_not_count() -> None:
    """Only users do; a call that was never answered has no latency."""
    figures = Figures()
    redelivered: list[Event] = [
        Invoke(process="r0.1", op=1, key="k", payload="p", at_ns=1),
        Complete(process="r0.1", op=1, outcome=Outcome.OK, at_ns=2),
    ]
    figures.take(as_line(event) for event in [*redelivered, *call(1, 1, key_of(1), 10, answer=None)])
    assert (figures.answers, figures.to_object()["series"]) == ({}, [])
