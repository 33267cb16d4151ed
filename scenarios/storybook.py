"""What every story leaves behind: one history, one record, in the files that every other tier writes too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.stored_histories import in_order, write_histories
from verify.history.record import Bound, ExplorationRecord, Server

if TYPE_CHECKING:
    from pathlib import Path

    from harness.subjects.contract import Subject
    from verify.history.events import Event

__all__ = ["TIER", "in_order", "record_of", "write_story"]

TIER = "scenarios"


def write_story(folder: Path, events: list[Event]) -> None:
    """Write the story's one history and the one line that stands for its schedule."""
    write_histories(folder, [(1, events)], workload="story")


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
