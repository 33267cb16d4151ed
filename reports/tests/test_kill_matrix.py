"""The kill matrix in every report of a self-test: who caught what in which tier, and what was missed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.console import Console

from reports.html.page import render_html
from reports.judged_run import headline, load_judged
from reports.stored_run import write_verdict
from reports.summary import render_summary
from reports.terminal import print_judged
from reports.tests.run_folders import (
    SOUND_LINE,
    TWICE_LINE,
    record,
    sound_history,
    twice_history,
    write_part,
    write_run,
)
from verify.history import score as scoring
from verify.history.legality import FOR_READERS
from verify.history.promises import Promise
from verify.history.score import Recorded, Score
from verify.run_layout import SCORE

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import pytest

    from verify.history.mutants import Mutant


def full(folder: Path, *, checker: str = "at_most_once", accused: bool = False) -> Path:
    """Write a self-test of two tiers: *checker* must catch the planted guard, and the reference may be *accused*."""
    sound, twice = (SOUND_LINE, sound_history()), (TWICE_LINE, twice_history())
    story = ("story: ", twice_history())
    parts: list[dict[str, Any]] = []
    for name, tier, subject, histories, must in (
        ("broken.get_then_set", "explore", "broken.get_then_set", [sound, twice], "at_most_once"),
        ("one_story, broken.get_then_set", "scenarios", "broken.get_then_set", [story], checker),
        ("reference", "explore", "reference", [sound, twice] if accused else [sound], ""),
    ):
        said = record(
            name=name, tier=tier, subject=subject, schedules=len(histories), classes=len(histories), applicable={}
        )
        place = f"parts/{len(parts)}"
        write_part(folder / place, said, histories)
        expected = {"verdict": "INVALID", "checker": must} if must else "VALID"
        parts.append({"name": name, "folder": place, "role": "instrument", "expected": expected})
    write_run(folder, kind="selftest", parts=parts)
    write_verdict(folder)
    return folder


def told(folder: Path) -> dict[str, str]:
    """Return what each report says."""
    judged = load_judged(folder)
    console = Console(width=200, record=True)
    print_judged(console, judged)
    return {
        "terminal": console.export_text(),
        "summary": render_summary(judged),
        "page": render_html(judged),
    }


def test_each_report_shows_guard_checker_and_tier(tmp_path: Path) -> None:
    """All tiers kept their claims, nobody was accused, and it is said in how many schedules."""
    folder = full(tmp_path)
    verdict = json.loads((folder / "verdict.json").read_bytes())
    assert (verdict["verdict"], verdict["kill_matrix"]["missed"]) == ("VALID", [])
    assert headline(load_judged(folder)) == "The instrument sees: 3 checks of all tiers."
    for name, text in told(folder).items():
        assert "explorer: 1 caught" in text, name
        assert "stories: 1 caught" in text, name
        assert "missed: 0" in text, name
        assert "false alarms: 0, in 1 schedule (1 check of sound guards)" in text, name
        assert ("explorer, stories" if name == "terminal" else "caught in stories by") in text, name


def test_what_was_missed_is_named_and_the_run_is_invalid(tmp_path: Path) -> None:
    """A planted guard that its checker did not catch is no doubt, it is a blind instrument."""
    folder = full(tmp_path, checker="conflict")
    verdict = json.loads((folder / "verdict.json").read_bytes())
    assert verdict["verdict"] == "INVALID"
    assert headline(load_judged(folder)) == "The instrument is blind: 1 planted guard was missed, 0 false alarms."
    for name, text in told(folder).items():
        assert "missed: 1 (one_story, broken.get_then_set)" in text, name
        assert "MISSED" in text, name


def test_a_false_alarm_is_named_and_the_run_is_invalid(tmp_path: Path) -> None:
    """Whoever accuses a sound guard cannot be believed."""
    folder = full(tmp_path, accused=True)
    assert json.loads((folder / "verdict.json").read_bytes())["verdict"] == "INVALID"
    assert headline(load_judged(folder)) == "The instrument is blind: 0 planted guards were missed, 1 false alarm."
    for name, text in told(folder).items():
        assert "false alarms: 1 (reference), in 2 schedules" in text, name


def test_each_report_shows_what_the_checkers_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shares, the reasons, and an example of what was not noticed: here, what no reason is given for."""
    folder = full(tmp_path)
    known = scoring.why_legal  # type: ignore[attr-defined]  # the name by which the score knows it

    def knows_less(mutant: Mutant, *found: Collection[str], **beside: Any) -> str:
        return "" if mutant.words == "change invoke.delivery" else known(mutant, *found, **beside)

    monkeypatch.setattr(scoring, "why_legal", knows_less)
    score = Score()
    score.take(sound_history(), Promise.EXACTLY_ONCE_OR_IN_DOUBT, Recorded(), where="reference, history 1")
    stored = score.to_object()
    (folder / SCORE).write_text(json.dumps(stored), encoding="utf-8")
    for name, text in told(folder).items():
        assert f"of {stored['mutants']} mutants of 1 good histories {stored['noticed']} (" in text, name
        assert FOR_READERS in text, name
        assert "change invoke.delivery" in text, name
        assert "reference, history 1, event 1" in text, name
