"""The histories of one exploration on disk: each distinct one once, with every schedule that gave it.

History first: a line is in the file before anything is concluded from it, so that a run cut off in the middle
still holds all it saw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from verify.run_layout import EXPLORED, HISTORY, SCHEDULES

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.outcome import History, Outcome


class HistoryStore:
    """Writes ``history.jsonl`` and ``schedules/explored.tsv`` (history, preemptions, schedule)."""

    def __init__(self, folder: Path) -> None:
        """Open both files in *folder*, which must be there."""
        (folder / SCHEDULES).mkdir(parents=True, exist_ok=True)
        self._histories = (folder / HISTORY).open("a", encoding="utf-8")
        self._explored = (folder / EXPLORED).open("a", encoding="utf-8")
        self._known: dict[bytes, int] = {}
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

    def add(self, outcome: Outcome, history: History) -> bool:
        """Store a schedule and its history; say whether the history is new."""
        number = self._known.get(history.digest)
        is_new = number is None
        if number is None:
            number = self._known[history.digest] = len(self._known) + 1
            self._histories.write("".join(f'{{"history":{number},{line[1:]}\n' for line in history.lines))
        self._explored.write(f"{number}\t{outcome.preemptions}\t{outcome.line}\n")
        self.schedules += 1
        return is_new

    def flush(self) -> None:
        """Bring everything to the operating system."""
        self._histories.flush()
        self._explored.flush()
