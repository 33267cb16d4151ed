"""The page that describes the line protocol and the forms that are checked say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.hosts.line_forms import FORMS, complaint

_PAGE = (Path(__file__).parents[3] / "docs" / "line-protocol.md").read_text("utf-8")
_SAID_BY_PROGRAMS = _PAGE.partition("## What the program says")[2].partition("\n## ")[0]


def page_lines(mark: str) -> list[dict[str, Any]]:
    """Return the lines that the page shows of one side, ``>`` or ``<``."""
    blocks = re.findall(r"```text\n(.*?)```", _PAGE, re.DOTALL)
    lines = "".join(blocks).replace("\n   ", " ").splitlines()
    return [json.loads(line.removeprefix(f"{mark} ")) for line in lines if line.startswith(f"{mark} ")]


def test_page_shows_every_line_of_a_program_as_it_is_checked() -> None:
    """Whoever copies a line from the page breaks no rule with it."""
    shown = page_lines("<")
    assert [complaint(line) for line in shown] == [None] * len(shown)
    assert {line["say"] for line in shown} == set(FORMS)


def test_page_shows_every_line_of_the_harness() -> None:
    """Each line of the harness stands in the table and in an example."""
    shown = {line["do"] for line in page_lines(">")}
    table = _PAGE.partition("## What the harness says")[2].partition("\n## ")[0]
    assert shown == set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))


@pytest.mark.parametrize("say", FORMS)
def test_page_names_every_field(say: str) -> None:
    """What is asked of a line stands in its row: needed fields in one column, optional ones in the next."""
    row = next(line for line in _SAID_BY_PROGRAMS.splitlines() if line.startswith(f"| `{say}` |"))
    _, _, needed, optional, _ = row.split("|")
    named = [(name, False) for name in re.findall(r"`(\w+)`", needed)]
    named += [(name, True) for name in re.findall(r"`(\w+)`", optional)]
    assert named == [(field.name, field.is_optional) for field in FORMS[say]]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (7, "is no JSON object"),
        ({}, "says none of"),
        ({"say": ["ready"]}, "says none of"),
        ({"say": "result", "id": 7}, "has no 'result'"),
        ({"say": "result", "id": True, "result": {}}, "has another 'id' than an integer"),
        ({"say": "sleep", "id": 7, "seconds": -1}, "has another 'seconds' than a number of seconds"),
        ({"say": "ready", "outside": {"evict": None}}, "has another 'outside' than an object of strings"),
        ({"say": "ready", "reusable": "yes"}, "has another 'reusable' than true or false"),
    ],
)
def test_wrong_line_is_told_what_is_wrong(line: object, wrong: str) -> None:
    """Every complaint names the field and what may stand there."""
    assert wrong in (complaint(line) or "")


def test_field_of_a_later_version_is_ignored_and_an_optional_one_may_be_null() -> None:
    """A program may say more than is known here, and may write down that it says nothing."""
    assert complaint({"say": "effect", "id": 7, "call": 1, "payload": {}, "fence": None, "colour": "red"}) is None
