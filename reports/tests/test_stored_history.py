"""Lines of a history, read one by one: what is usual is read once, and what is odd is read as it stands."""

from __future__ import annotations

import json

import pytest

from reports.stored_history import _event_of, _parse_event
from verify.history.events import Phase

USUAL = b'{"history":7,"event":"phase","name":"workload"}\n'


def test_event_that_many_histories_hold_is_read_once() -> None:
    """The number is the line's own; the event behind it is the same object."""
    _event_of.cache_clear()
    first, second = _parse_event(USUAL, 1), _parse_event(USUAL.replace(b"7", b"8"), 2)
    assert (first, second) == ((7, Phase(name="workload"), ""), (8, Phase(name="workload"), ""))
    assert first[1] is second[1]
    assert _event_of.cache_info().misses == 1


@pytest.mark.parametrize(
    ("line", "number", "why"),
    [
        (b'{"history":1,"event":"phase","name":"heal","history":2}', 2, ""),
        (b'{"history":1,"event":"phase","name":"heal","history":true}', None, "does not say which history"),
        (b'{"history":1,"event":"phase"}', 1, "does not fit its fields"),
        (b'{"history":1,"event":"party","name":"heal"}', 1, "unknown event"),
        (b'{"history":1,}', 1, "is not JSON"),
        (b'{"history":1,"event":"phase","name":"he', 1, "is not JSON"),
        (b'{"event":"phase","history": 1,"name":"heal"}', 1, ""),
        (b'{"history":0,"event":"phase","name":"heal"}', None, "does not say which history"),
    ],
)
def test_odd_line_is_read_as_it_stands(line: bytes, number: int | None, why: str) -> None:
    """A number given twice is the last one, as in JSON; what cannot be read is said, with the place."""
    seen, event, said = _parse_event(line, 3)
    assert (seen, event is None) == (number, bool(why))
    assert why in said
    if why:
        assert said.startswith("line 3 of ")
    else:
        assert event == Phase(name=json.loads(line)["name"])
