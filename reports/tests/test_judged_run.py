"""The verdict is told in plain words, and findings are grouped for somebody who is tired."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reports.judged_run import group_findings, headline, load_judged, plain
from reports.stored_run import StoredRunError, write_verdict
from reports.tests.run_folders import campaign_run, invalid_run, unknown_run, valid_run, write_run
from reports.times import span_of
from verify.run_layout import RUN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _finding(checker: str, schedule: str, *faults: str, **changes: Any) -> dict[str, Any]:
    return {
        "checker": checker,
        "verdict": "INVALID",
        "promised": True,
        "outside": "",
        "sentence": f"{checker} under {schedule}",
        "schedule": schedule,
        "faults": list(faults),
        "replay": "stormproof replay x",
        "phase": "workload",
        "needs_faults": True,
        "histories": 1,
        "schedules": 2,
    } | changes


@pytest.mark.parametrize(
    ("build", "word"),
    [
        (valid_run, "Held: every schedule within the bound"),
        (invalid_run, "Violated: shop.guards:make broke at_most_once"),
        (unknown_run, "Not shown: stopped after 1 schedules"),
        (campaign_run, "Held: "),
    ],
)
def test_the_verdict_is_one_plain_sentence(build: Callable[[Path], Path], word: str, tmp_path: Path) -> None:
    """Nobody has to know the words VALID, INVALID and UNKNOWN to understand a run."""
    write_verdict(build(tmp_path))
    assert headline(load_judged(tmp_path)).startswith(word)


def test_a_selftest_is_told_as_one(tmp_path: Path) -> None:
    """A self-test says that the instrument sees, not that a subject held."""
    parts = json.loads((campaign_run(tmp_path) / RUN).read_bytes())["parts"]
    write_run(tmp_path, kind="selftest", parts=parts[:1])
    write_verdict(tmp_path)
    assert headline(load_judged(tmp_path)) == "The instrument sees: 1 planted guard or twin."


def test_a_run_that_was_not_judged_says_how_to_judge_it(tmp_path: Path) -> None:
    """Renderers render verdicts; they do not make them up."""
    with pytest.raises(StoredRunError, match="stormproof judge"):
        load_judged(valid_run(tmp_path))


def test_findings_are_grouped_by_checker_with_the_smallest_schedule_first() -> None:
    """One entry for each checker: fewest faults, then fewest decisions, and which other faults it needs."""
    groups = group_findings(
        [
            _finding("conflict", "same: w0!pause w1", "pause"),
            _finding("at_most_once", "same: w0 w0!crash_after w1 w1", "crash_after"),
            _finding("at_most_once", "same: w0!pause w1", "pause"),
            _finding("at_most_once", "same: w0 w1 w0 w1 w0"),
            _finding("at_most_once", "same: w0 advance w1 w0 w1 w0", "advance", needs_faults=False),
            _finding("nothing_lost", "same: w0", promised=False),
            _finding("at_most_once", "same: w0!evict w1", "evict", outside="evict: the record is gone"),
        ]
    )
    assert [(group.checker, group.standing) for group in groups] == [
        ("at_most_once", "promised"),
        ("conflict", "promised"),
        ("at_most_once", "outside the promise"),
        ("nothing_lost", "not promised"),
    ]
    assert groups[0].smallest["schedule"] == "same: w0 w1 w0 w1 w0"
    assert groups[0].also_under == ("pause", "crash_after")
    assert groups[0].schedules == 8


def test_a_caught_planted_guard_is_no_news(tmp_path: Path) -> None:
    """What was planted and found is a row of the instrument, not a finding to read."""
    write_verdict(campaign_run(tmp_path))
    planted, subject = load_judged(tmp_path).parts
    assert planted.groups == []
    assert planted.said == "INVALID by at_most_once (as it must be)"
    assert subject.row is None


def test_control_characters_become_question_marks() -> None:
    """A key may hold anything; a report may not."""
    assert plain("a\x00b\x1b[31mc\n") == "a?b?[31mc?"


@pytest.mark.parametrize("environment", [{}, {"started": "x", "ended": "y"}, {"started": 1, "ended": 2}])
def test_times_that_say_nothing_are_nothing(environment: dict[str, Any]) -> None:
    """A report without times is better than one with invented ones."""
    assert span_of(environment) is None


def test_times_are_read_in_utc() -> None:
    """Zones are respected, and a time without one is UTC."""
    span = span_of({"started": "2026-11-23T12:00:00+02:00", "ended": "2026-11-23T10:00:09"})
    assert span is not None
    assert span.seconds == 9
