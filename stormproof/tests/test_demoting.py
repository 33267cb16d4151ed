"""What a storm broke is searched for among the schedules: found and replayed, or named with the bound searched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.recorder import RunFolder
from harness.subjects.loading import load_subject
from reports.stored_run import write_verdict
from stormproof import demoting
from stormproof.demoting import broken, demote
from stormproof.live import Live
from stormproof.tests.running import run
from verify.run_layout import DEMOTIONS, STORM

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def demoted(folder: Path, subject: str, checkers: list[str]) -> tuple[RunFolder, list[demoting.Demotion]]:
    """Search for what *checkers* found of *subject* in a storm without faults."""
    run_folder = RunFolder.create(STORM, 7, str(folder / "run"))
    with Live(silent=True) as live:
        found = demote(run_folder, folder, checkers, subject=load_subject(subject), faults=[], live=live)
    return run_folder, found


def test_what_a_schedule_shows_is_found_and_replayed(tmp_path: Path) -> None:
    """One search is made, its shortest schedule is shrunk, and its line replays it."""
    run_folder, (found, again_found) = demoted(tmp_path, "broken.get_then_set", ["at_most_once", "at_most_once"])
    assert again_found == found
    assert (found.checker, found.faults, len(found.searched)) == ("at_most_once", (), 1)
    assert found.decisions[0] == "same:"
    assert [part["name"] for part in run_folder.parts] == ["demotion of at_most_once, 2 workers, 0 faults"]
    again = run(tmp_path, *found.replay.split()[1:])
    assert (again.code, "There again: at_most_once" in again.out) == (1, True)
    stored = json.loads((tmp_path / DEMOTIONS).read_text("utf-8"))
    assert stored["demotions"] == [found.to_object()] * 2


def test_where_nothing_is_found_the_bound_is_named(tmp_path: Path) -> None:
    """Bounds grow to the last one; a sound guard has no schedule that shows it."""
    run_folder, (found,) = demoted(tmp_path, "twin.get_then_set", ["at_most_once"])
    assert (found.decisions, found.replay) == ((), "")
    assert [words.partition(":")[0] for words in found.searched] == ["2 workers, 0 faults", "3 workers, 0 faults"]
    assert all(words.endswith("schedules") for words in found.searched)
    run_folder.write()
    assert write_verdict(run_folder.path)["verdict"] == "VALID"


def test_a_search_that_ran_out_of_time_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may read that all of a bound was searched."""
    monkeypatch.setattr(demoting, "BUDGET_S", 1e-6)
    monkeypatch.setattr(demoting, "BOUNDS", ((3, 1),))
    _, (found,) = demoted(tmp_path, "twin.get_then_set", ["at_most_once"])
    (words,) = found.searched
    assert "not all of them: the budget of 1e-06 s ran out" in words


def test_only_what_decides_is_searched_for() -> None:
    """What lies outside the promise, is not promised or unknown, broke nothing."""
    finding = {"checker": "conflict", "promised": True, "outside": "", "verdict": "INVALID"}
    others = [
        {**finding, "checker": "a", "promised": False},
        {**finding, "checker": "b", "outside": "a reason"},
        {**finding, "checker": "c", "verdict": "UNKNOWN"},
    ]
    assert broken({"findings": [*others, finding, finding]}) == ("conflict",)
