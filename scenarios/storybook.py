"""What every story leaves behind: one history, one record, in the files that every other tier writes too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from verify.history.events import Event, to_object
from verify.history.record import Bound, ExplorationRecord, Server
from verify.run_layout import EXPLORED, HISTORY, SCHEDULES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from harness.subjects.contract import Subject

TIER = "scenarios"


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return events of several processes in the order of the clock that they share.

    Python's sort keeps the order of equal times, so that what one process said stays in its order.
    """
    return sorted(events, key=lambda event: event.at_ns or 0)


def write_story(folder: Path, events: list[Event]) -> None:
    """Write the story's one history and the one line that stands for its schedule."""
    (folder / SCHEDULES).mkdir(parents=True, exist_ok=True)
    lines = (json.dumps({"history": 1, **to_object(event)}, separators=(",", ":")) + "\n" for event in events)
    (folder / HISTORY).write_text("".join(lines), encoding="utf-8")
    (folder / EXPLORED).write_text("1\t0\tstory: \n", encoding="utf-8")


def record_of(
    name: str,
    subject: Subject,
    *,
    workers: int,
    kind: str,
    seed: int,
    server: Server,
    notes: tuple[str, ...],
) -> ExplorationRecord:
    """Return what a story of one fault says of itself."""
    return ExplorationRecord(
        tier=TIER,
        name=f"{name}, {subject.name}",
        subject=subject.name,
        promise=subject.promise,
        bound=Bound(workers=workers, faults=1, kinds=(kind,), workloads=("story",)),
        schedules=1,
        classes=1,
        exhausted=True,
        seed=seed,
        server=server,
        hits={kind: {"between effect and mark": 1}},
        applicable={kind: ("between effect and mark",)},
        outside=subject.outside,
        requires_overlap=False,
        notes=notes,
    )
