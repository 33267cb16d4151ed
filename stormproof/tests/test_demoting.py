"""What a storm broke is searched for among the schedules: found and replayed, or named with the bound searched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.errors import CouldNotRunError
from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.faults.registry import select
from harness.recorder import RunFolder
from harness.subjects.loading import load_subject
from reports.stored_run import write_verdict
from scenarios.registry import STORIES
from stormproof import demoting
from stormproof.demoting import Demoter, broken, drawn_kinds, kinds_of
from stormproof.live import Live
from stormproof.tests.running import run
from verify.run_layout import DEMOTIONS, STORM

if TYPE_CHECKING:
    from pathlib import Path


def demoted(folder: Path, subject: str, checkers: list[str]) -> tuple[RunFolder, list[demoting.Demotion]]:
    """Search for what *checkers* found of *subject* in a storm without faults."""
    run_folder = RunFolder.create(STORM, 7, str(folder / "run"))
    with Live(silent=True) as live:
        demoter = Demoter(run_folder, live)
        found = [
            each for checker in checkers for each in demoter.demote(folder, {checker: ()}, load_subject(subject))
        ]
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
    assert stored["demotions"] == [found.to_object()]


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


def test_every_fault_of_a_story_has_kinds_of_the_explorer() -> None:
    """No story strikes with what an enumerated schedule cannot."""
    struck = {kind for telling in STORIES.values() for kind in telling.STORY.kinds}
    assert {kind for kind in struck if not kinds_of([kind])} == set()
    for kind in struck:
        assert select(kinds_of([kind]))


def test_kinds_of_trials_are_those_of_the_smallest() -> None:
    """Of the trials that show it the one with the fewest faults counts, and none where no history shows it."""
    finding = {"checker": "a", "promised": True, "outside": "", "verdict": "INVALID", "schedule": "generated: w0"}
    many, few = {**finding, "faults": ["advance", "pause"]}, {**finding, "faults": ["evict(once:k0)"]}
    assert drawn_kinds({"findings": [many, few]}, "a") == ("evict",)
    assert drawn_kinds({"findings": [many, few]}, "b") is None
    assert drawn_kinds({"findings": [{**few, "schedule": ""}]}, "a") is None


@NEEDS_CLOCK
def test_what_stories_broke_is_shown_by_a_schedule(tmp_path: Path) -> None:
    """Each story says which schedule shows it, with the line that replays it."""
    words = ("--subject", "broken.claim_without_nx", "--only", "concurrent_same_key", "--only", "crash_at_p0")
    said = run(tmp_path, "campaign", "--tier", "scenarios", *words, "--seed", "7", "--out", "run")
    assert said.code == 1, said.err
    parts = tmp_path / "run" / "parts"
    demotions = [
        json.loads((parts / f"{story}-broken.claim_without_nx" / DEMOTIONS).read_text("utf-8"))["demotions"]
        for story in ("concurrent_same_key", "crash_at_p0")
    ]
    assert [[each["checker"] for each in found] for found in demotions] == [["at_most_once"]] * 2
    again = run(tmp_path, *demotions[0][0]["replay"].split()[1:])
    assert (again.code, "There again: at_most_once" in again.out) == (1, True)
    assert "at_most_once is shown by one schedule, under no fault" in said.out
    summary = (tmp_path / "run" / "summary.md").read_text("utf-8")
    assert all(found[0]["replay"] in summary for found in demotions)


@NEEDS_CLOCK
@pytest.mark.takes_long
def test_what_trials_broke_is_shown_by_a_schedule(tmp_path: Path) -> None:
    """The kinds of fault are those of the smallest trial."""
    said = run(tmp_path, "properties", "--subject", "broken.lease_as_ttl", "--out", "run")
    assert said.code == 1, said.err
    part = tmp_path / "run" / "parts" / "properties-broken.lease_as_ttl"
    (found,) = json.loads((part / DEMOTIONS).read_text("utf-8"))["demotions"]
    assert (found["checker"], found["faults"]) == ("at_most_once", ["effect_late"])
    again = run(tmp_path, *found["replay"].split()[1:])
    assert (again.code, "There again: at_most_once" in again.out) == (1, True)


def test_what_no_gate_can_hold_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The violation stands, and it is said why there is no schedule of it."""

    def refuse(_name: str) -> None:
        raise CouldNotRunError("the gate cannot hold it")

    monkeypatch.setattr(demoting, "choose_hosting", refuse)
    _, (found,) = demoted(tmp_path, "broken.get_then_set", ["at_most_once"])
    assert (found.decisions, found.searched) == ((), ("nothing, since the gate cannot hold it",))
