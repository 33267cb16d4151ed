"""Writes histories that were not explored schedule by schedule, in the files that every tier leaves behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from verify.history.events import Event, to_object
from verify.run_layout import EXPLORED, HISTORY, SCHEDULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return events of several processes in the order of the clock that they share.

    Python's sort keeps the order of equal times, so that what one process said stays in its order.
    """
    return sorted(events, key=lambda event: event.at_ns or 0)


def write_histories(folder: Path, histories: Iterable[tuple[int, Sequence[Event]]], *, workload: str) -> None:
    """Write histories with their numbers, and for each the one line that stands for its schedule.

    Args:
        folder: The folder of the part.
        histories: Number and events of each, the numbers from 1.
        workload: What the lines call it.
    """
    (folder / SCHEDULES).mkdir(parents=True, exist_ok=True)
    with (folder / HISTORY).open("w", encoding="utf-8") as history, (folder / EXPLORED).open("w") as explored:
        for number, events in histories:
            for event in events:
                stored = {"history": number, **to_object(event)}
                history.write(json.dumps(stored, separators=(",", ":")) + "\n")
            explored.write(f"{number}\t0\t{workload}: \n")
