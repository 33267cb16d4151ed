"""A line is read fast or slowly, and means the same: whatever is unusual is left to the slow way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from verify.history.events import (
    Audited,
    AuditRead,
    BreakerTerms,
    Complete,
    Died,
    MalformedEventError,
    Phase,
    RetryTerms,
    changed,
    from_object,
    from_usual,
    to_object,
)
from verify.history.mutants import mutants_of
from verify.history.tests import stored
from verify.history.words import Outcome

if TYPE_CHECKING:
    from verify.history.events import Event

UNUSUAL = (BreakerTerms, RetryTerms, Audited, AuditRead)
"""What stands in few histories, and once in each, or keeps whether a number was written as a whole one."""


def slowly(text: bytes) -> Event | None:
    """Return the event of a line as the slow way reads it; None where it is none."""
    try:
        return from_object(json.loads(text.decode("utf-8", "surrogatepass")))
    except (MalformedEventError, TypeError, ValueError):
        return None


@pytest.mark.parametrize("name", stored.names("good"))
def test_usual_lines_are_read_fast_and_mean_the_same(name: str) -> None:
    """Every event of a good history, and of those that differ from it by one event."""
    told = {event for mutant in mutants_of(stored.read("good", name)) for event in mutant.events}
    for event in told:
        text = json.dumps(to_object(event), separators=(",", ":")).encode("ascii")
        assert from_usual(text) == (None if isinstance(event, UNUSUAL) else event)
        assert from_object(json.loads(text)) == event


@pytest.mark.parametrize(
    "text",
    [
        b'{"event":"died","process":"w1","history":2}',
        b'{"event":"died","process":"w1","why":"?"}',
        b'{"event":"died"}',
        b'{"event":"died","process":null}',
        b'{"event":"died","process":"w1","at_ns":1.0}',
        b'{"event":"died","process":"w1","at_ns":true}',
        b'{"event":"died","process":"w1","at_ns":NaN}',
        b'{"event":"died","process":"\\ud800"}',
        b'{"event":"died","process":"\xed\xa0\x80"}',
        b'{"event":"died","process":"w1"}{"event":"died","process":"w1"}',
        b'{"event":"died","process":"w1",}',
        b'{"event":"died","event":"phase","process":"w1"}',
        b'{"event":"complete","process":"w1","op":1,"outcome":"PERHAPS"}',
        b'{"event":"birth"}',
        b'["died"]',
        b"{" * 100_000,
        b"",
    ],
)
def test_what_is_unusual_is_left_to_the_slow_way(text: bytes) -> None:
    """The fast way never decides what another line means, nor that it means nothing."""
    assert from_usual(text) is None


@pytest.mark.parametrize(
    "text",
    [
        b'{"process":"w1","event":"died"}',
        b' {"event" : "died", "process":"a\\u0062c" } \n',
        b'{"event":"died","process":"w1","process":"w2","at_ns":null}',
        b'{"event":"died","process":"w1","at_ns":1234567890123456789012345678901234567890}',
        b'{"event":"died","process":"\xf0\x9f\x98\x80\\ud83d\\ude00"}',
        b'{"event":"phase","name":"heal","at_ns":-0}',
    ],
)
def test_another_spelling_means_the_same(text: bytes) -> None:
    """Both ways read the same value where the fast one reads any."""
    assert from_usual(text) == slowly(text) is not None


def test_an_event_that_does_not_fit_is_told_as_a_call_would_be() -> None:
    """One unknown field, or all that are missing."""
    for body, said in (
        (
            {"event": "phase", "name": "heal", "why": "?"},
            r"Phase\.__init__\(\) got an unexpected keyword argument 'why'",
        ),
        ({"event": "phase"}, "missing 1 required keyword-only argument: 'name'$"),
        ({"event": "landed", "key": "k", "n": 1, "payload": "p"}, "arguments: 'effect_type' and 'process'$"),
        ({"event": "invoke", "op": 1}, "arguments: 'process', 'key', and 'payload'$"),
    ):
        with pytest.raises(MalformedEventError, match=said):
            from_object(body)


def test_events_are_told_apart_by_kind_and_by_every_field() -> None:
    """Also as members of a set, which is how good histories are remembered."""
    died = Died(process="w1")
    told: set[Event] = {died, Phase(name="w1"), changed(died, at_ns=1), Died(process="w1")}
    assert len(told) == 3
    answer = Complete(process="w1", op=1, outcome=Outcome.OK)
    assert changed(answer, outcome=Outcome.FAIL) == Complete(process="w1", op=1, outcome=Outcome.FAIL)
    with pytest.raises(AttributeError):
        setattr(died, "process", "w2")  # noqa: B010 - mypy knows that it cannot be set
