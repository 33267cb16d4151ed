"""A storm is told with its figures, its faults, and what the enumerated schedules show of what it broke."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from rich.console import Console

from reports.brief import write_brief
from reports.judged_run import load_judged
from reports.stored_run import write_verdict
from reports.storm_svg import storm_svg, write_storms
from reports.summary import write_summary
from reports.terminal import print_judged
from reports.tests.run_folders import record, sound_history, twice_history, write_part, write_run
from verify.history.record import Bound
from verify.run_layout import DEMOTIONS, STORM, STORM_FIGURES, STORM_PICTURE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from verify.history.events import Event

REPLAY = "stormproof replay stormproof-runs/one/parts/demotion/schedules/abc.json"
FOUND = {
    "checker": "at_most_once",
    "searched": ["2 workers, 1 fault"],
    "decisions": ["same:", "w0", "w0!crash_after"],
    "faults": ["crash_after"],
    "replay": REPLAY,
}
NOT_FOUND = {
    "checker": "nothing_lost",
    "searched": ["2 workers, 1 fault: 40 schedules", "3 workers, 1 fault: 900 schedules"],
    "decisions": [],
    "faults": [],
    "replay": "",
}


def figures(**changes: Any) -> dict[str, Any]:
    """Return the figures of a storm of three seconds."""
    series = [
        {
            "second": at,
            "answers": {"OK": 900 + at, "FAIL in_progress": 90},
            "p50_ms": 4.5,
            "p95_ms": 20.0,
            "p99_ms": 300.0,
        }
        for at in range(3)
    ]
    faults = [
        {"asked": "kill@1s", "word": "kill", "from_s": 1.02, "to_s": 1.05, "witness": "worker process w2 is gone"},
        {"asked": "latency:200ms@1s..2s", "word": "latency", "from_s": 1.0, "to_s": 2.0, "witness": ""},
    ]
    told = {
        "schema": 1,
        "operations": 2973,
        "users": 20,
        "processes": 4,
        "asked_s": 3.0,
        "answers": {"OK": 2703, "FAIL in_progress": 270},
        "seconds": 3.0,
        "p50_ms": 4.5,
        "p95_ms": 20.0,
        "p99_ms": 300.0,
        "series": series,
        "faults": faults,
    }
    return told | changes


def storm_run(
    folder: Path, histories: Sequence[Sequence[Event]], *, demotions: Sequence[dict[str, Any]] = ()
) -> Path:
    """Write a run that is one storm, with a history for each of its pieces, and judge it."""
    part = folder / "parts" / "storm"
    bound = Bound(workers=4, faults=2, kinds=("worker_kill", "latency"), workloads=("storm",))
    said = record(
        tier=STORM, name="storm", bound=bound, schedules=len(histories), classes=len(histories), notes=("a note",)
    )
    write_part(part, said, [("storm: ", events) for events in histories])
    (part / STORM_FIGURES).write_text(json.dumps(figures()), encoding="utf-8")
    if demotions:
        (part / DEMOTIONS).write_text(json.dumps({"schema": 1, "demotions": list(demotions)}), encoding="utf-8")
    write_run(
        folder, kind=STORM, parts=[{"name": "storm", "folder": "parts/storm", "role": "subject", "expected": None}]
    )
    write_verdict(folder)
    return folder


def _printed(folder: Path) -> str:
    console = Console(file=io.StringIO(), width=160, force_terminal=False)
    print_judged(console, load_judged(folder))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_storm_that_held_says_how_many_calls(tmp_path: Path) -> None:
    """Not how many pieces it was judged in."""
    folder = storm_run(tmp_path, [sound_history(), sound_history()])
    said = _printed(folder)
    assert "2,973 calls by 20 users in 4 worker processes, 991/s; p50 4.5 ms, p95 20.0 ms, p99 300.0 ms" in said
    assert "1.0 s: kill@1s: worker process w2 is gone" in said
    assert "latency:200ms@1s..2s: nothing shows that it bit" in said
    assert said.rstrip().endswith("Held: the storm kept the promise (2,973 calls).")
    summary = write_summary(folder).read_text("utf-8")
    assert (
        "- answers: OK 2,703, FAIL in\\_progress 270" in summary
        or "answers: OK 2,703, FAIL in_progress 270" in summary
    )
    assert "- a note" in summary
    assert f"![answers, latencies and faults](parts/storm/{STORM_PICTURE})" in summary
    assert "smallest schedule" not in summary


def test_a_broken_promise_comes_with_its_schedule_or_with_the_bound(tmp_path: Path) -> None:
    """Terminal, summary and brief say what the enumerated schedules show, each with the replay line."""
    folder = storm_run(tmp_path, [sound_history(), twice_history()], demotions=[FOUND, NOT_FOUND])
    shown = "at_most_once is shown by one schedule, under crash_after: same: w0 w0!crash_after"
    unseen = (
        "nothing_lost is shown by no schedule of: 2 workers, 1 fault: 40 schedules; 3 workers, 1 fault: 900 schedules"
    )
    for text in (
        _printed(folder),
        write_summary(folder).read_text("utf-8").replace("\\", ""),
        write_brief(folder).read_text("utf-8"),
    ):
        flat = re.sub(r"\s+", " ", text)
        assert shown in flat
        assert unseen in flat
        assert REPLAY in text
        assert "Violated: shop.guards:make broke at_most_once" in flat


def test_the_picture_has_every_second_and_every_fault(tmp_path: Path) -> None:
    """A bar for each answer of each second, a line for each percentile, a lane for each fault with its witness."""
    folder = storm_run(tmp_path, [sound_history()])
    write_storms(folder)
    text = (folder / "parts" / "storm" / STORM_PICTURE).read_text("utf-8")
    root = ET.fromstring(text)  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    bars = [each for each in root.iter(f"{space}rect") if each.get("class") in {"a0", "a1"} and len(each)]
    assert len(bars) == 6
    assert [each.get("class") for each in root.iter(f"{space}polyline")] == [f"line p{n}_ms" for n in (50, 95, 99)]
    said = " ".join(each.text or "" for each in root.iter() if each.text)
    for word in (
        "kill@1s",
        "latency:200ms@1s..2s",
        "worker process w2 is gone",
        "nothing shows that it bit",
        "0s",
        "3s",
    ):
        assert word in said
    assert "<script" not in text


def test_a_storm_without_answers_has_a_picture_too() -> None:
    """It says that there was nothing."""
    said = storm_svg(figures(operations=0, answers={}, series=[], faults=[], seconds=0.0))
    assert "no fault was injected" in said
    assert "answers: none" in said
    ET.fromstring(said)  # noqa: S314 - our own
