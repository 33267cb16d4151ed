"""Allure's results say what the verdicts say: for each guarantee, with nothing passed that was not shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reports.allure import CATEGORIES, write_allure
from reports.allure_check import problems_of, replay_lines, results_in
from reports.stored_run import write_verdict
from reports.tests.run_folders import (
    campaign_run,
    durability_run,
    invalid_run,
    record,
    sound_history,
    story_run,
    twice_history,
    unknown_run,
    valid_run,
)
from reports.tests.test_storm_reports import FOUND, REPLAY, storm_run
from verify.durability.tests.cells import cell
from verify.history.promises import DEFAULT_PROMISE, PROMISED
from verify.run_layout import RECORD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUNS = [(valid_run, {"passed"}), (invalid_run, {"failed", "passed"}), (unknown_run, {"broken"})]


def _label(result: dict[str, Any], name: str) -> str:
    (value,) = [label["value"] for label in result["labels"] if label["name"] == name]
    return str(value)


def _of(results: list[dict[str, Any]], checker: str) -> dict[str, Any]:
    (found,) = [each for each in results if each["fullName"].startswith(f"{checker}/")]
    return found


@pytest.mark.parametrize(("build", "statuses"), RUNS)
def test_every_guarantee_has_a_result(build: Callable[[Path], Path], statuses: set[str], tmp_path: Path) -> None:
    """Each promised claim is an epic with a severity, and says what it was run with."""
    write_verdict(build(tmp_path))
    results = results_in(write_allure(tmp_path))
    assert {each["fullName"].partition("/")[0] for each in results} == PROMISED[DEFAULT_PROMISE]
    assert {each["status"] for each in results} == statuses
    assert len({_label(each, "epic") for each in results}) == len(results)
    for each in results:
        assert (_label(each, "feature"), _label(each, "story")) == ("explore", "explore shop")
        assert _label(each, "severity") in {"blocker", "critical", "normal"}
        assert {one["name"] for one in each["parameters"]} == {"subject", "server", "seed", "bound"}
        assert (each["start"], each["stop"]) == (1795428000000, 1795428009000)
    assert not problems_of(tmp_path, tmp_path / "allure-results")


def test_the_broken_guarantee_alone_fails(tmp_path: Path) -> None:
    """It carries the timeline, the fault log, excerpts and the verdict, and links to the finding and its schedule."""
    write_verdict(invalid_run(tmp_path))
    folder = write_allure(tmp_path)
    failed = _of(results_in(folder), "at_most_once")
    assert [each["fullName"] for each in results_in(folder) if each["status"] == "failed"] == [failed["fullName"]]
    names = [each["name"] for each in failed["attachments"]]
    for wanted in ("verdict.json", "timeline: at_most_once", "history excerpt: at_most_once"):
        assert any(name.startswith(wanted) for name in names), wanted
    assert all((folder / each["source"]).is_file() for each in failed["attachments"])
    (line,) = replay_lines(folder)
    assert line.startswith("stormproof replay stormproof-runs/one/schedules/")
    assert line in failed["description"]
    for link in failed["links"]:
        assert link["url"].startswith("report.html#finding-") or (tmp_path / link["url"]).is_file()


@pytest.mark.parametrize(
    "build",
    [
        story_run,
        lambda folder: durability_run(folder, [cell(kept=7)]),
        lambda folder: storm_run(folder, [sound_history(), twice_history()], demotions=[FOUND]),
    ],
    ids=["story", "cells", "storm"],
)
def test_other_tiers_have_results_too(build: Callable[[Path], Path], tmp_path: Path) -> None:
    """A story is a feature with its fault log; the lattice is one guarantee with its picture."""
    write_verdict(build(tmp_path))
    results = results_in(write_allure(tmp_path))
    assert not problems_of(tmp_path, tmp_path / "allure-results")
    names = {each["name"] for result in results for each in result["attachments"]}
    assert names & {"fault log", "the lattice", "the storm"}
    assert {_label(each, "feature") for each in results} <= {"retry_race, shop", "durability", "storm"}
    for failed in (each for each in results if each["status"] == "failed" and _label(each, "feature") == "storm"):
        assert REPLAY in failed["description"]


def test_the_step_in_which_it_broke_fails(tmp_path: Path) -> None:
    """Steps are the phases of the run, and the last one judges."""
    write_verdict(invalid_run(tmp_path))
    steps = {
        each["name"]: each["status"] for each in _of(results_in(write_allure(tmp_path)), "at_most_once")["steps"]
    }
    assert list(steps) == ["steady state", "inject", "redeliver", "come back", "judge"]
    assert {name for name, status in steps.items() if status == "failed"} == {"inject", "judge"}


def test_no_step_of_what_is_unknown_passes(tmp_path: Path) -> None:
    """Nobody knows what the steps of a run did that was not shown."""
    write_verdict(unknown_run(tmp_path))
    for result in results_in(write_allure(tmp_path)):
        assert {each["status"] for each in result["steps"]} == {"broken"}


def test_what_belongs_to_the_folder_is_there(tmp_path: Path) -> None:
    """Environment, categories for every bad status, and an executor that puts runs in order."""
    write_verdict(valid_run(tmp_path))
    folder = write_allure(tmp_path)
    environment = (folder / "environment.properties").read_text(encoding="utf-8")
    assert "seed=7\n" in environment
    assert "verdict=VALID\n" in environment
    executor = json.loads((folder / "executor.json").read_bytes())
    assert (executor["buildName"], executor["buildOrder"]) == ("stormproof-runs/one", 1795428000)
    assert json.loads((folder / "categories.json").read_bytes()) == list(CATEGORIES)
    assert {status for each in CATEGORIES for status in each["matchedStatuses"]} == {"failed", "broken", "skipped"}


@pytest.mark.parametrize(("decides", "status"), [(True, "broken"), (False, "skipped")])
def test_what_was_wanted_and_not_run_is_not_skipped(decides: bool, status: str, tmp_path: Path) -> None:
    """Skipped looks harmless, so that only what nobody wanted is."""
    write_verdict(campaign_run(tmp_path, not_run=[{"name": "storm", "why": "no time", "decides": decides}]))
    (left_out,) = [each for each in results_in(write_allure(tmp_path)) if each["name"] == "storm"]
    assert left_out["status"] == status


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    """Names and identities follow from the content."""
    write_verdict(campaign_run(tmp_path))
    first = {path.name: path.read_bytes() for path in write_allure(tmp_path).iterdir()}
    assert {path.name: path.read_bytes() for path in write_allure(tmp_path).iterdir()} == first


def test_results_written_elsewhere_leave_what_is_there(tmp_path: Path) -> None:
    """A folder shared with other tests keeps their results."""
    write_verdict(valid_run(tmp_path / "run"))
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "other-result.json").write_text("{}", encoding="utf-8")
    write_allure(tmp_path / "run", into=tmp_path / "shared")
    assert len(results_in(tmp_path / "shared")) == 1 + len(PROMISED[DEFAULT_PROMISE])


def _without(folder: Path, checker: str) -> None:
    for path in folder.glob("*-result.json"):
        if json.loads(path.read_bytes())["fullName"].startswith(f"{checker}/"):
            path.unlink()


def _with(folder: Path, checker: str, **changes: Any) -> None:
    for path in folder.glob("*-result.json"):
        result = json.loads(path.read_bytes())
        if result["fullName"].startswith(f"{checker}/"):
            path.write_text(json.dumps(result | changes), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: _without(folder, "conflict"), "has no result for it"),
        (lambda folder: _with(folder, "at_most_once", status="passed"), "must be failed, and is passed"),
        (lambda folder: _with(folder, "at_most_once", status="skipped"), "must be failed, and is skipped"),
        (lambda folder: _with(folder, "at_most_once", links=[]), "has no replay line"),
        (lambda folder: [path.unlink() for path in folder.glob("*-result.json")], "there is no result"),
    ],
)
def test_the_check_sees_what_is_wrong(spoil: Callable[[Path], object], said: str, tmp_path: Path) -> None:
    """A result that is missing, too good, or does not say how to see it again is found."""
    write_verdict(invalid_run(tmp_path))
    folder = write_allure(tmp_path)
    spoil(folder)
    assert any(said in problem for problem in problems_of(tmp_path, folder))


def test_the_check_sees_an_unknown_that_passes(tmp_path: Path) -> None:
    """What was not shown may not look as if it was."""
    write_verdict(unknown_run(tmp_path))
    folder = write_allure(tmp_path)
    _with(folder, "conflict", status="passed")
    assert any("conflict must be broken" in problem for problem in problems_of(tmp_path, folder))


def test_a_secret_in_a_name_is_in_no_result(tmp_path: Path) -> None:
    """A password in the subject's name does not reach what is handed to others."""
    invalid_run(tmp_path)
    said = record(subject="guard at redis://user:hunter2@host", schedules=2, classes=2)
    (tmp_path / RECORD).write_text(json.dumps(said.to_object()), encoding="utf-8")
    write_verdict(tmp_path)
    for path in write_allure(tmp_path).iterdir():
        assert b"hunter2" not in path.read_bytes(), path.name
