"""Every finding of a run has a schedule of its own, which shows it again; what decides is as small as it can be."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from harness.explorer.schedule import Schedule
from stormproof.tests.running import Said, run

PAGE = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
GUARD = ("--subject", "broken.get_then_set", "--kinds", "crash_after,error_reply:NOSCRIPT")


@pytest.fixture(name="explored", scope="module")
def _explored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    folder = tmp_path_factory.mktemp("explored")
    return folder, run(folder, "explore", *GUARD, "--json", "--out", "run")


def _stored(folder: Path, finding: dict[str, Any]) -> dict[str, Any]:
    _, _, place = shlex.split(finding["replay"])
    stored: dict[str, Any] = json.loads((folder / place).read_text("utf-8"))
    return stored


def _decides(finding: dict[str, Any]) -> bool:
    return bool(finding["promised"] and not finding["outside"])


def test_every_finding_has_a_schedule_of_its_own(explored: tuple[Path, Said]) -> None:
    """Two findings never share a file, and each file says what it shows."""
    folder, said = explored
    findings = said.object["findings"]
    assert len({finding["replay"] for finding in findings}) == len(findings)
    for finding in findings:
        stored = _stored(folder, finding)
        assert stored["finding"]["checker"] == finding["checker"]
        assert stored["finding"]["phase"] == finding["phase"]
        assert f"{stored['workload']}: {' '.join(stored['explored'])}" == finding["schedule"]
        assert stored["steps"]


def test_what_decides_is_shrunk(explored: tuple[Path, Said]) -> None:
    """A race is one switch, with whatever fault it was seen too."""
    folder, said = explored
    deciding = [finding for finding in said.object["findings"] if _decides(finding)]
    smallest = [_stored(folder, finding) for finding in deciding]
    assert all(stored["is_smallest"] for stored in smallest)
    races = [stored for stored in smallest if stored["finding"]["phase"] == "workload"]
    assert {tuple(stored["decisions"]) for stored in races} == {("w0", "w1")}
    assert any(finding["faults"] and not finding["needs_faults"] for finding in deciding)


def test_replay_shows_the_finding_of_a_shrunk_schedule(explored: tuple[Path, Said]) -> None:
    """And says that nothing can be taken out of it."""
    folder, said = explored
    finding = next(each for each in said.object["findings"] if _decides(each))
    again = run(folder, *shlex.split(finding["replay"])[1:])
    assert again.code == 1
    assert "There again: at_most_once" in again.out
    assert "explored decisions are left; nothing more can be taken out" in again.out


def test_coverage_is_told(explored: tuple[Path, Said]) -> None:
    """In figures, and with the name of the kind that found nothing to strike."""
    folder, said = explored
    coverage = said.object["coverage"]
    assert coverage["boundaries"] == coverage["boundaries_hit"] > 0
    assert coverage["hit"] == coverage["possible"] > 0
    assert coverage["nowhere"] == ["error_reply:NOSCRIPT"]
    summary = (folder / "run" / "summary.md").read_text("utf-8")
    assert "nothing to strike for: error\\_reply:NOSCRIPT" in summary or "error_reply:NOSCRIPT" in summary


def test_instrument_shrinks_what_it_was_to_find_and_no_more(tmp_path: Path) -> None:
    """One schedule of the planted guard, none of its twin; every replay line has a file."""
    said = run(tmp_path, "campaign", "--only", "broken.get_then_set", "--only", "twin.get_then_set", "--out", "run")
    assert said.code in {0, 3}, said.out + said.err
    part = tmp_path / "run" / "parts" / "broken.get_then_set"
    findings = json.loads((part / "verdict.json").read_text("utf-8"))["findings"]
    stored = [_stored(tmp_path, finding) for finding in findings]
    assert [each["is_smallest"] for each in stored] == [True] + [False] * (len(stored) - 1)
    assert [bool(each["steps"]) for each in stored] == [True] + [False] * (len(stored) - 1)
    twin = (tmp_path / "run" / "parts" / "twin.get_then_set" / "schedules").glob("*.json")
    assert not any(json.loads(path.read_text("utf-8"))["steps"] for path in twin)


def test_every_field_of_a_schedule_is_documented() -> None:
    """Whoever opens a schedule file finds each of its fields explained."""
    section = PAGE.partition("## `schedules/<mark>.json`")[2].partition("\n## ")[0]
    schedule = Schedule(
        subject="s", promise="p", workload="same", workers=2, kinds=(), redis="r", seed=1, decisions=()
    )
    for name in json.loads(schedule.dumps()):
        assert f"`{name}`" in section, name
