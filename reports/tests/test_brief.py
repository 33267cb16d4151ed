"""brief.txt says in a few lines what a failed test has to say, and no verdict of its own."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from reports.brief import write_brief
from reports.stored_history import mark_of
from reports.stored_run import judge_run, write_verdict
from reports.tests.run_folders import TWICE_LINE, invalid_run, unknown_run, valid_run
from verify.run_layout import VERDICT, schedule_file

if TYPE_CHECKING:
    from pathlib import Path


def brief_of(folder: Path) -> list[str]:
    """Return the lines of the brief of a run."""
    write_verdict(folder)
    return write_brief(folder).read_text(encoding="utf-8").splitlines()


def found_in(folder: Path) -> dict[str, Any]:
    """Return the first thing that was found in a run with two effects."""
    found: dict[str, Any] = judge_run(invalid_run(folder))["findings"][0]
    return found


def test_a_broken_promise_is_told_with_the_line_that_replays_it(tmp_path: Path) -> None:
    """The replay line stands alone; without a stored schedule the sentence and the words stand for the picture."""
    place = schedule_file(mark_of(found_in(tmp_path)))
    (tmp_path / place).unlink()
    first, *lines = brief_of(tmp_path)
    assert re.fullmatch(r"Violated: shop\.guards:make broke at_most_once\.", first)
    assert "at_most_once: key k0 landed 2 times (by w0, w1); at most once was promised" in lines
    assert TWICE_LINE in lines
    (replay,) = (line for line in lines if line.startswith("stormproof replay "))
    assert replay == f"stormproof replay stormproof-runs/one/{place}"


def test_a_broken_promise_is_drawn_where_its_schedule_is_stored(tmp_path: Path) -> None:
    """The picture is the one of the smallest schedule."""
    found_in(tmp_path)
    assert any("[!! effect 2: DONE AGAIN]" in line for line in brief_of(tmp_path))


def test_doubt_is_told_with_its_reasons(tmp_path: Path) -> None:
    """The first reason is in the headline, the others follow, and nothing is said to be broken."""
    first, *others = brief_of(unknown_run(tmp_path))
    reasons = json.loads((tmp_path / VERDICT).read_bytes())["reasons"]
    assert first.startswith(f"Not shown: {reasons[0]}")
    assert others == [f"- {reason}" for reason in reasons[1:]]


def test_a_promise_that_held_needs_one_line(tmp_path: Path) -> None:
    """There is nothing to replay."""
    (line,) = brief_of(valid_run(tmp_path))
    assert line.startswith("Held: ")
