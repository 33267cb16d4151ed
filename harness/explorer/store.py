"""The histories of one exploration on disk: each distinct one once, with every schedule that gave it.

History first: a line is in the file before anything is concluded from it, so that a run cut off in the middle
still holds all it saw.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

from harness.explorer.schedule import line_of
from verify.history.events import to_object
from verify.run_layout import EXPLORED, HISTORY, SCHEDULES

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.world import World
    from verify.history.events import Event


class HistoryStore:
    """Writes ``history.jsonl`` and ``schedules/explored.tsv`` (history, preemptions, schedule)."""

    def __init__(self, folder: Path) -> None:
        """Open both files in *folder*, which must be there."""
        (folder / SCHEDULES).mkdir(parents=True, exist_ok=True)
        self._histories = (folder / HISTORY).open("a", encoding="utf-8")
        self._explored = (folder / EXPLORED).open("a", encoding="utf-8")
        self._known: dict[int, int] = {}
        self.schedules = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._histories.close()
        self._explored.close()

    @property
    def classes(self) -> int:
        """How many distinct histories there are."""
        return len(self._known)

    def add(self, world: World) -> bool:
        """Store what *world* did; say whether its history is new."""
        events: tuple[Event, ...] = tuple(world.trace.events)
        # 64 bits: among a million distinct histories the odds of one collision are 3e-8.
        mark = hash(events)
        number = self._known.get(mark)
        is_new = number is None
        if number is None:
            number = self._known[mark] = len(self._known) + 1
            self._histories.write("".join(_line(number, event) for event in events))
        line = line_of(world.setting.workload, world.decisions)
        self._explored.write(f"{number}\t{world.preemptions}\t{line}\n")
        self.schedules += 1
        return is_new

    def flush(self) -> None:
        """Bring everything to the operating system."""
        self._histories.flush()
        self._explored.flush()


def _line(number: int, event: Event) -> str:
    return json.dumps({"history": number, **to_object(event)}, separators=(",", ":")) + "\n"
