"""Lines of a history, read one by one: what is odd is read as it stands."""

from __future__ import annotations

import json

import pytest

from reports.stored_history import _parse_event
from verify.history.events import Phase


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
