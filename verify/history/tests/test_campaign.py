"""A campaign is as good as its parts, and as its instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from verify.history.campaign import InstrumentRow, compose, instrument_row
from verify.history.judge import StoredHistory, judge_exploration
from verify.history.promises import DEFAULT_PROMISE, Promise
from verify.history.record import Bound, ExplorationRecord
from verify.history.tests.histories import answered, executed
from verify.history.words import Outcome

if TYPE_CHECKING:
    from verify.history.events import Event
    from verify.history.judge import Judgement

EVENTS: dict[str, list[Event]] = {
    "VALID": executed("w1", 1),
    "INVALID": [*executed("w1", 1), *executed("w2", 2, n=2)],
}
SEEN = InstrumentRow(name="set_without_nx", expected="INVALID by at_most_once", seen="", ok=True)
BLIND = InstrumentRow(name="set_without_nx", expected="INVALID by at_most_once", seen="VALID", ok=False)


def part(verdict: str, name: str = "part", promise: Promise = DEFAULT_PROMISE) -> Judgement:
    """Return a judgement with *verdict* by the default promise."""
    record = ExplorationRecord(
        tier="explore",
        name=name,
        subject="s",
        bound=Bound(workers=1, faults=0),
        schedules=1,
        classes=1,
        exhausted=verdict != "UNKNOWN",
        seed=0,
        promise=promise,
        reason="budget spent" if verdict == "UNKNOWN" else "",
        requires_overlap=False,
    )
    events = EVENTS.get(verdict, EVENTS["VALID"])
    return judge_exploration(record, [StoredHistory(id=1, events=events, schedule="0")], str)


@pytest.mark.parametrize(
    ("verdicts", "overall"),
    [
        (["VALID", "VALID"], "VALID"),
        (["VALID", "UNKNOWN"], "UNKNOWN"),
        (["UNKNOWN", "INVALID"], "INVALID"),
        ([], "UNKNOWN"),
    ],
)
def test_campaign_merges_its_parts(verdicts: list[str], overall: str) -> None:
    """Parts stand in their order, and one INVALID or UNKNOWN decides."""
    composed = compose([part(verdict, f"part-{n}") for n, verdict in enumerate(verdicts)])
    assert composed["verdict"] == overall
    assert composed["parts"] == [{"name": f"part-{n}", "verdict": each} for n, each in enumerate(verdicts)]


def test_campaign_gives_the_reasons_of_its_unknown_parts() -> None:
    """Each reason says whose it is."""
    assert compose([part("UNKNOWN", "slow")])["reasons"] == ["slow: stopped after 1 schedules: budget spent"]


def test_stored_verdict_composes_like_a_judgement() -> None:
    """A campaign can be put together again from the run folders."""
    judged = part("INVALID")
    assert compose([judged.to_object()]) == compose([judged])


@pytest.mark.parametrize(
    ("verdict", "row", "overall"),
    [
        ("VALID", SEEN, "VALID"),
        ("VALID", BLIND, "UNKNOWN"),
        ("INVALID", BLIND, "INVALID"),
        ("UNKNOWN", SEEN, "UNKNOWN"),
    ],
)
def test_blind_instrument_keeps_a_campaign_from_being_valid(verdict: str, row: InstrumentRow, overall: str) -> None:
    """It makes the campaign UNKNOWN, unless a subject is INVALID anyway."""
    composed = compose([part(verdict)], instrument=[row])
    assert composed["verdict"] == overall
    assert composed["instrument"] == [row.to_object()]
    blind = [reason for reason in composed["reasons"] if reason.startswith("the instrument is blind")]
    assert bool(blind) != row.ok


@pytest.mark.parametrize(
    ("verdict", "checker", "expected", "seen", "is_ok"),
    [
        ("INVALID", "at_most_once", "INVALID by at_most_once", "INVALID by at_most_once, replay_equality", True),
        ("INVALID", "nothing_lost", "INVALID by nothing_lost", "INVALID by at_most_once, replay_equality", False),
        ("VALID", "at_most_once", "INVALID by at_most_once", "VALID", False),
        (
            "UNKNOWN",
            "at_most_once",
            "INVALID by at_most_once",
            "UNKNOWN: stopped after 1 schedules: budget spent",
            False,
        ),
        ("VALID", None, "VALID", "VALID", True),
        ("INVALID", None, "VALID", "INVALID by at_most_once, replay_equality", False),
    ],
)
def test_planted_guard_is_held_against_what_must_catch_it(
    verdict: str, checker: str | None, expected: str, seen: str, *, is_ok: bool
) -> None:
    """A planted guard must be INVALID by its own checker, and its twin must be VALID."""
    row = instrument_row(part(verdict, "guard"), checker=checker)
    stored: dict[str, Any] = {"name": "guard", "expected": expected, "seen": seen, "ok": is_ok}
    assert row.to_object() == stored


def test_useless_guard_is_seen_as_useless() -> None:
    """The row reads what decided, not what was merely listed."""
    events = answered("w1", 1, Outcome.FAIL, "refused")
    judged = judge_exploration(part("VALID").record, [StoredHistory(id=1, events=events, schedule="0")], str)
    assert instrument_row(judged, checker="usefulness").ok


def test_guard_is_not_caught_by_what_it_never_promised() -> None:
    """A finding that does not decide catches nobody."""
    stored = part("INVALID", promise=Promise.AT_MOST_ONCE).to_object()
    assert {finding["checker"] for finding in stored["findings"]} > {"replay_equality"}
    assert instrument_row(stored, checker="replay_equality").seen == "INVALID by at_most_once"
    for finding in stored["findings"]:
        finding["outside"] = "" if finding["checker"] == "replay_equality" else "AS3"
    assert not instrument_row(stored, checker="at_most_once").ok


def test_doubt_about_a_planted_guard_is_no_catch() -> None:
    """An UNKNOWN by the right checker does not show that the instrument sees."""
    stored = {
        "name": "guard",
        "verdict": "UNKNOWN",
        "reasons": [],
        "findings": [{"checker": "at_most_once", "verdict": "UNKNOWN", "promised": True, "outside": ""}],
    }
    row = instrument_row(stored, checker="at_most_once")
    assert (row.seen, row.ok) == ("UNKNOWN", False)
