"""Guards side by side: each class of faults gets what it led to, and nothing that was there without it."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from reports.comparison import CLASSES, Seen, load_comparison
from reports.comparison_markdown import write_comparison
from reports.judged_run import load_judged
from reports.stored_run import StoredRunError, write_verdict
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
from verify.history.record import Bound
from verify.run_layout import COMPARED, COMPARISON_DATA, COMPARISON_PAGE, ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

SAID = {
    "what": "a guard of a shop",
    "package": "shop",
    "version": "1.2.3",
    "says": "It runs once.",
    "where": "README of shop",
}
LOST, REJECTED, EVICTED = "effect_reply_lost", "effect_rejected", "evict"


def compared(folder: Path, **changes: Any) -> Path:
    """Write a judged comparison of one guard, whose effect lands twice where the reply to it is lost."""
    bound = Bound(workers=2, faults=1, kinds=(LOST, REJECTED, EVICTED, "pause"), workloads=("same",))
    said = {
        "subject": "peer.shop",
        "schedules": 2,
        "classes": 2,
        "bound": bound,
        "hits": {LOST: {"2 effect": 1}, REJECTED: {"2 effect": 1}},
        "applicable": {LOST: ("2 effect",), REJECTED: ("2 effect",)},
        "unavailable": {"pause": "the clock is not ours"},
    }
    histories = [(SOUND_LINE, sound_history()), (TWICE_LINE, twice_history())]
    write_part(folder / "parts" / "shop", record(**said | changes), histories, finding="at_most_once")
    part = {"name": "peer.shop", "folder": "parts/shop", "role": "subject", "expected": None}
    not_run = [{"name": "peer.other", "why": "not installed", "decides": True}]
    write_run(folder, kind="comparison", parts=[part], not_run=not_run)
    (folder / COMPARED).write_text(json.dumps({"schema": 1, "subjects": {"peer.shop": SAID}}), encoding="utf-8")
    write_verdict(folder)
    return folder


def seen_in(folder: Path) -> dict[str, Seen]:
    """Return what was seen of the one guard, by class."""
    (guard,) = load_comparison(folder).guards
    return {cell.fault_class.name: cell.seen for cell in guard.cells}


def test_each_class_says_what_it_led_to(tmp_path: Path) -> None:
    """A broken promise stands under the class of its fault alone; what was not run is told from what held."""
    seen = seen_in(compared(tmp_path))
    assert seen["effect in doubt"] is Seen.BROKEN
    assert seen["no fault"] is seen["effect refused"] is Seen.HELD
    assert seen["lost data"] is Seen.NOWHERE
    assert seen["lease ends"] is seen["lost reply"] is Seen.NOT_RUN
    assert seen["other payload"] is Seen.NOWHERE


def test_what_the_authors_leave_out_is_documented(tmp_path: Path) -> None:
    """The same finding is no broken promise where their words leave the fault out, and the words are shown."""
    folder = compared(tmp_path, outside={LOST: '"Not after a timeout." (README of shop)'})
    assert seen_in(folder)["effect in doubt"] is Seen.DOCUMENTED
    write_comparison(folder)
    assert "Not after a timeout." in (folder / COMPARISON_PAGE).read_text(encoding="utf-8")


def test_what_was_not_whole_only_held_so_far(tmp_path: Path) -> None:
    """Whoever stopped early may not say that a class held."""
    folder = compared(tmp_path, exhausted=False, reason="the limit of 2 schedules was reached")
    seen = seen_in(folder)
    assert seen["no fault"] is seen["effect refused"] is Seen.SO_FAR
    assert seen["lost data"] is Seen.NOT_RUN
    assert seen["effect in doubt"] is Seen.BROKEN


def test_page_and_data_hold_words_version_date_and_replay_line(tmp_path: Path) -> None:
    """A reader finds who promises what, in which version, when it was seen, and how to see it again."""
    folder = compared(tmp_path)
    write_comparison(folder)
    page = (folder / COMPARISON_PAGE).read_text(encoding="utf-8")
    data = json.loads((folder / COMPARISON_DATA).read_text(encoding="utf-8"))
    (subject,) = data["subjects"]
    assert f"| peer.shop | {subject['promise']} | held |" in page
    assert '"It runs once." (README of shop)' in page
    assert "| peer.shop | shop | 1.2.3 | INVALID | 2 |" in page
    assert "date: 2026-11-23" in page
    assert "- peer.other: not installed" in page
    assert (subject["verdict"], subject["schedules"], data["date"]) == ("INVALID", 2, "2026-11-23")
    (cell,) = (cell for cell in subject["cells"] if cell["seen"] == "broken")
    (finding, *_) = cell["findings"]
    assert (finding["checker"], finding["under"]) == ("at_most_once", LOST)
    assert finding["replay"].startswith("stormproof replay ")
    assert finding["replay"] in page


def test_command_can_be_typed_as_it_stands(tmp_path: Path) -> None:
    """A program with arguments is one word of it."""
    folder = compared(tmp_path)
    said = json.loads((folder / ENVIRONMENT).read_text(encoding="utf-8"))
    said["command"] = ["stormproof", "compare", "--command", "node guard.js"]
    (folder / ENVIRONMENT).write_text(json.dumps(said), encoding="utf-8")
    write_comparison(folder)
    page = (folder / COMPARISON_PAGE).read_text(encoding="utf-8")
    assert "`stormproof compare --command 'node guard.js'`" in page


def test_terminal_shows_each_class_and_the_replay_line_whole(tmp_path: Path) -> None:
    """On a narrow terminal too, the line that replays can be copied."""
    judged = load_judged(compared(tmp_path))
    out = io.StringIO()
    print_judged(Console(file=out, width=60), judged)
    (replay,) = (line.strip() for line in out.getvalue().splitlines() if "stormproof replay" in line)
    assert replay.endswith(".json")
    assert "broken: effect in doubt: at_most_once" in out.getvalue()
    assert "held: no fault, effect refused" in out.getvalue()


def test_a_run_that_compares_nothing_is_refused(tmp_path: Path) -> None:
    """Where nobody wrote down what the authors say, nothing is set side by side."""
    folder = compared(tmp_path)
    (folder / COMPARED).write_text('{"schema": 1, "subjects": {}}', encoding="utf-8")
    with pytest.raises(StoredRunError, match="what its authors say"):
        load_comparison(folder)


def test_classes_have_names_of_their_own() -> None:
    """No two columns look alike."""
    assert len({each.name for each in CLASSES}) == len(CLASSES)
