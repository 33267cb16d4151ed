"""Every renderer tells a VALID, an INVALID and an UNKNOWN run for what it is."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from reports.allure import write_allure
from reports.brief import write_brief
from reports.guarantee_sheet import write_guarantees
from reports.html.page import render_html, write_html
from reports.judged_run import load_judged
from reports.junit import WHOLE, render_junit, write_junit
from reports.stored_run import write_verdict
from reports.summary import render_summary, write_summary
from reports.terminal import MOST_FINDINGS, print_judged
from reports.tests.run_folders import (
    SOUND_LINE,
    TWICE_LINE,
    campaign_run,
    invalid_run,
    record,
    sound_history,
    twice_history,
    unknown_run,
    valid_run,
    write_part,
    write_run,
)
from verify.history.record import Bound
from verify.run_layout import ENVIRONMENT, RECORD, VERDICT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUNS = [(valid_run, "VALID"), (invalid_run, "INVALID"), (unknown_run, "UNKNOWN")]


def _printed(folder: Path, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    print_judged(console, load_judged(folder))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _results(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*-result.json"))]


@pytest.mark.parametrize(("build", "verdict"), RUNS)
def test_a_summary_opens_with_the_verdict(build: Callable[[Path], Path], verdict: str, tmp_path: Path) -> None:
    """The first line of summary.md is the verdict, and the server and the seed can be found in it."""
    write_verdict(build(tmp_path))
    text = write_summary(tmp_path).read_text(encoding="utf-8")
    assert text.startswith(f"# {verdict}\n")
    assert "valkey 9.1.2, sha256 abab" in text
    assert "seed: 7" in text


def test_a_summary_gives_the_replay_line_in_a_fence_and_what_was_not_run(tmp_path: Path) -> None:
    """The line to paste stands alone, and nothing that was left out is passed over."""
    write_verdict(invalid_run(tmp_path / "one"))
    text = render_summary(load_judged(tmp_path / "one"))
    line = r"stormproof replay stormproof-runs/one/schedules/[0-9a-f]{12}\.json"
    assert re.search(rf"^```sh\n{line}\n```$", text, re.MULTILINE)
    write_verdict(campaign_run(tmp_path / "two"))
    assert "- storm: it was left out with --only" in render_summary(load_judged(tmp_path / "two"))


def test_a_summary_names_what_is_outside_the_promise(tmp_path: Path) -> None:
    """Kinds that the promise does not cover are listed with the reason, and what they broke decides nothing."""
    invalid_run(tmp_path)
    said = record(schedules=2, classes=2, outside={"effect_reply_lost": "the venue | answers twice"})
    (tmp_path / RECORD).write_text(json.dumps(said.to_object()), encoding="utf-8")
    write_verdict(tmp_path)
    text = render_summary(load_judged(tmp_path))
    assert text.startswith("# VALID\n")
    assert "effect_reply_lost: the venue \\| answers twice" in text
    assert "## Seen beside the promise" in text


@pytest.mark.parametrize(
    ("build", "troubles"), [(valid_run, []), (invalid_run, ["failure"]), (unknown_run, ["error"])]
)
def test_junit_fails_what_is_invalid_and_errs_what_is_unknown(
    build: Callable[[Path], Path], troubles: list[str], tmp_path: Path
) -> None:
    """Only VALID is a test case without trouble."""
    write_verdict(build(tmp_path))
    root = ET.fromstring(write_junit(tmp_path).read_bytes())  # noqa: S314 - the test reads what it has just written
    (case,) = root.iter("testcase")
    assert [child.tag for child in case if child.tag != "properties"] == troubles
    properties = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert properties["seed"] == "7"
    assert properties["server"] == "valkey 9.1.2"
    suite = root.find("testsuite")
    assert suite is not None
    assert suite.get("tests") == "1"


def _selftest(folder: Path, *twin_kinds: str) -> Path:
    """Write a self-test of one planted guard and its twin, which met *twin_kinds*."""
    parts = []
    for kind, kinds, histories, expected in (
        ("broken", (), [(SOUND_LINE, sound_history()), (TWICE_LINE, twice_history())], "at_most_once"),
        ("twin", twin_kinds, [(SOUND_LINE, sound_history())], None),
    ):
        name = f"{kind}.get_then_set"
        bound = Bound(workers=2, faults=len(kinds), kinds=kinds, workloads=("same",))
        count = len(histories)
        said = record(name=name, subject=name, bound=bound, schedules=count, classes=count)
        write_part(folder / "parts" / name, said, histories)
        must = {"verdict": "INVALID", "checker": expected} if expected else "VALID"
        parts.append({"name": name, "folder": f"parts/{name}", "role": "instrument", "expected": must})
    write_run(folder, kind="selftest", parts=parts)
    return folder


def test_a_selftest_says_within_which_bound_the_twins_were_explored(tmp_path: Path) -> None:
    """Nobody may take the silence about a twin for more than its bound holds."""
    write_verdict(_selftest(tmp_path / "same"))
    printed = _printed(tmp_path / "same", width=200)
    assert re.search(r"get_then_set +at_most_once +at_most_once +VALID", printed)
    assert "within the bound in which its planted guard is caught, and not beyond it" in printed
    write_verdict(_selftest(tmp_path / "wider", "advance"))
    printed = _printed(tmp_path / "wider", width=200)
    assert "is caught, and beyond it with up to 1 fault of: advance." in printed


def test_junit_holds_the_instrument_and_what_was_not_run(tmp_path: Path) -> None:
    """A caught planted guard passes, what was not run is skipped with its reason."""
    write_verdict(campaign_run(tmp_path))
    root = ET.fromstring(render_junit(load_judged(tmp_path)))  # noqa: S314 - the test reads what it has just written
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert [child.tag for child in cases["planted get_then_set"]] == ["properties"]
    skipped = cases["storm"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "it was left out with --only"


def test_an_interrupted_campaign_of_whole_parts_is_green_nowhere(tmp_path: Path) -> None:
    """Where no part explains the verdict, the run itself is a failing case in JUnit and in Allure."""
    write_verdict(campaign_run(tmp_path, interrupted=True))
    root = ET.fromstring(render_junit(load_judged(tmp_path)))  # noqa: S314 - the test reads what it has just written
    (whole,) = [case for case in root.iter("testcase") if case.get("name") == WHOLE]
    assert whole.find("error") is not None
    assert [each["status"] for each in _results(write_allure(tmp_path)) if each["name"] == WHOLE] == ["broken"]


@pytest.mark.parametrize(
    ("build", "last"), [(valid_run, "Held: "), (invalid_run, "Violated: "), (unknown_run, "Not shown: ")]
)
@pytest.mark.parametrize("width", [60, 140])
def test_the_terminal_ends_with_the_verdict(
    build: Callable[[Path], Path], last: str, width: int, tmp_path: Path
) -> None:
    """The last thing on the screen is what was decided, in plain words."""
    write_verdict(build(tmp_path))
    assert f"\n\n{last}" in _printed(tmp_path, width)


def test_a_replay_line_is_never_wrapped(tmp_path: Path) -> None:
    """It can be pasted from a terminal of forty columns."""
    folder = "a-very-long-name-of-a-folder-that-does-not-fit-into-a-narrow-terminal/one"
    write_run(invalid_run(tmp_path), folder=folder)
    write_verdict(tmp_path)
    line = rf"stormproof replay {folder}/schedules/[0-9a-f]{{12}}\.json"
    assert re.search(rf"^ *{line}$", _printed(tmp_path, 40), re.MULTILINE)


def test_a_wide_terminal_shows_the_picture_and_a_narrow_one_does_not(tmp_path: Path) -> None:
    """A picture that would be wrapped is no picture."""
    write_verdict(invalid_run(tmp_path))
    assert "DONE AGAIN" in _printed(tmp_path, 100)
    assert "DONE AGAIN" not in _printed(tmp_path, 99)


def test_the_terminal_says_what_was_not_run(tmp_path: Path) -> None:
    """Unrun is never passed over."""
    write_verdict(campaign_run(tmp_path))
    assert "Not run: storm: it was left out with --only" in _printed(tmp_path)


def test_the_terminal_stops_after_a_few_findings(tmp_path: Path) -> None:
    """Of many findings the first ones are shown, and the file that holds the others is named."""
    write_verdict(invalid_run(tmp_path))
    stored = json.loads((tmp_path / VERDICT).read_bytes())
    finding = stored["findings"][0]
    stored["findings"] = [finding | {"checker": f"checker_{at}"} for at in range(MOST_FINDINGS + 2)]
    (tmp_path / VERDICT).write_text(json.dumps(stored), encoding="utf-8")
    assert "and 2 more with their replay lines in verdict.json" in _printed(tmp_path)


def test_the_terminal_shows_what_decides_nothing(tmp_path: Path) -> None:
    """A fault outside the promise is shown with its replay line, and the last line does not say that all was kept."""
    invalid_run(tmp_path)
    said = record(schedules=2, classes=2, outside={"effect_reply_lost": "the venue answers twice"})
    (tmp_path / RECORD).write_text(json.dumps(said.to_object()), encoding="utf-8")
    write_verdict(tmp_path)
    printed = _printed(tmp_path)
    assert "at_most_once, outside the promise, under effect_reply_lost (same)" in printed
    assert re.search(r"^ *stormproof replay \S+$", printed, re.MULTILINE)
    assert printed.endswith("\nHeld: every schedule within the bound kept what the promise covers (2 schedules).\n")


@pytest.mark.parametrize("text", ["[bold]x[/bold]", "<b>&\x07", "`a|b`\n# VALID"])
def test_a_hostile_name_cannot_pose_as_markup(text: str, tmp_path: Path) -> None:
    """What a subject or a key is called is shown as it is, in every form."""
    invalid_run(tmp_path)
    said = record(subject=text, schedules=2, classes=2)
    (tmp_path / RECORD).write_text(json.dumps(said.to_object()), encoding="utf-8")
    write_verdict(tmp_path)
    assert "\n# VALID" not in write_summary(tmp_path).read_text(encoding="utf-8")
    ET.fromstring(write_junit(tmp_path).read_bytes())  # noqa: S314 - the test reads what it has just written
    assert "failed" in {each["status"] for each in _results(write_allure(tmp_path))}
    HTMLParser().feed(render_html(load_judged(tmp_path)))
    assert "<b>" not in render_html(load_judged(tmp_path))
    assert text[:4] in _printed(tmp_path, 200)


def test_a_planted_secret_is_in_no_form(tmp_path: Path) -> None:
    """Subject, reason, what was left out, what is outside, and environment: no report shows the password in them."""
    url = "redis://user:hunter2@host"
    invalid_run(tmp_path)
    said = record(
        subject=f"guard of {url}",
        schedules=2,
        classes=2,
        exhausted=False,
        reason=f"no answer from {url}",
        outside={"late_request": f"password=hunter2 at {url}"},
        notes=(f"steady state of {url}",),
    )
    (tmp_path / RECORD).write_text(json.dumps(said.to_object()), encoding="utf-8")
    write_run(tmp_path, not_run=[{"name": f"storm on {url}", "why": "--token hunter2"}])
    (tmp_path / ENVIRONMENT).write_text(json.dumps({"command": ["--redis", url]}), encoding="utf-8")
    write_verdict(tmp_path)
    for write in (write_summary, write_junit, write_brief, write_guarantees, write_html):
        shown = write(tmp_path).read_text(encoding="utf-8").replace("\\", "")
        assert "hunter2" not in shown, write.__name__
        assert "***@host" in shown, write.__name__
    assert "hunter2" not in _printed(tmp_path)
