"""docs/results.md says what the code does: every file, every field and every event is on the page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from reports.stored_run import judge_run, write_verdict
from reports.tests.run_folders import campaign_run, invalid_run
from verify import run_layout
from verify.history.events import Event, from_object, to_object
from verify.run_layout import VERDICT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PAGE = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")
KINDS = sorted(kind.event for kind in get_args(Event))


def _examples() -> list[dict[str, Any]]:
    (block,) = re.findall(r"^```jsonl\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [json.loads(line) for line in block.splitlines()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_is_documented_with_one_example(kind: str) -> None:
    """A reader of history.jsonl finds each kind of line explained and shown."""
    assert f"| `{kind}` |" in PAGE
    assert [example["event"] for example in _examples()].count(kind) == 1


def test_every_example_is_an_event() -> None:
    """The examples are lines that the reader accepts, with no field it does not know."""
    for example in _examples():
        stored = to_object(from_object(example)) | {"history": example["history"]}
        assert example.items() <= stored.items()
    assert sorted(example["event"] for example in _examples()) == KINDS


@pytest.mark.parametrize(
    "name",
    [
        "HISTORY",
        "EXPLORED",
        "CLAIMS",
        "CELLS",
        "LATTICE",
        "STORM_FIGURES",
        "STORM_PICTURE",
        "DEMOTIONS",
        "RECORD",
        "RUN",
        "SCORE",
        "VERDICT",
        "SUMMARY",
        "BRIEF",
        "ENVIRONMENT",
        "JUNIT",
        "ALLURE",
        "GUARANTEES",
        "REPORT",
        "ALLURE_REPORT",
    ],
)
def test_every_file_is_documented(name: str) -> None:
    """Every file that a run may leave is in the table."""
    assert f"| `{getattr(run_layout, name)}` |" in PAGE
    assert run_layout.schedule_file("<mark>") in PAGE


def _names(stored: Mapping[str, Any]) -> Iterator[str]:
    for name, held in stored.items():
        yield name
        if name in {"findings", "parts", "instrument", "not_run"}:
            for each in held:
                yield from each
        if name in {"bound", "coverage", "server"}:
            yield from held


def test_every_field_of_a_verdict_is_documented(tmp_path: Path) -> None:
    """The fields of an exploration's, a campaign's and a part's verdict are all explained."""
    explored = judge_run(invalid_run(tmp_path / "one"))
    composed = write_verdict(campaign_run(tmp_path / "two"))
    part = json.loads((tmp_path / "two" / "parts" / "shop" / VERDICT).read_bytes())
    for name in {*_names(explored), *_names(composed), *_names(part)}:
        assert f"`{name}`" in PAGE, name
