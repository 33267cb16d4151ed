"""The histories of one exploration on disk: each distinct one once, with every schedule that gave it.

History first: a line is in the file before anything is concluded from it, so that a run cut off in the middle
still holds all it saw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from harness.explorer.journal import Remembered, entry, remember
from verify.run_layout import EXPLORED, HISTORY, JOURNAL, SCHEDULES

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.journal import Place
    from harness.explorer.outcome import Outcome

_FLUSH_EVERY = 256
"""Schedules between two flushes: what a killed run may have to run again."""
_BUFFER = 1 << 22
"""Bytes of each file's buffer: more than is written between two flushes, so that no file runs ahead of its order."""


class HistoryStore:
    """Writes ``history.jsonl``, ``schedules/explored.tsv`` (history, preemptions, schedule) and the journal."""

    def __init__(self, folder: Path, *, resumes: bool = False) -> None:
        """Open the files in *folder*, which must be there.

        Args:
            folder: The folder of the exploration.
            resumes: Whether to go on with what an interrupted exploration left there.
        """
        (folder / SCHEDULES).mkdir(parents=True, exist_ok=True)
        before = remember(folder) if resumes else Remembered()
        self._journal = folder / JOURNAL
        self._histories, self._explored, self._journaled = (
            (folder / name).open("ab", buffering=_BUFFER) for name in (HISTORY, EXPLORED, JOURNAL)
        )
        self._outcomes = before.outcomes
        self._known = before.histories
        self._speaker = before.speaker
        self._lines: dict[bytes, tuple[str, ...]] = {}
        self._since_flush = 0
        self.schedules = before.schedules

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()
        for file in (self._histories, self._explored, self._journaled):
            file.close()

    @property
    def classes(self) -> int:
        """How many distinct histories there are."""
        return len(self._known)

    def remembered(self, place: Place) -> Outcome | None:
        """Return what came of a schedule before the exploration was interrupted; None if it was not run."""
        return self._outcomes.pop(place, None)

    def keep_lines(self, outcome: Outcome) -> None:
        """Keep the events of a history until its turn comes: they are handed over once, and not always first."""
        history = outcome.history
        if history is not None and history.lines and history.digest not in self._known:
            self._lines[history.digest] = history.lines

    def add(self, place: Place, outcome: Outcome) -> bool:
        """Store what came of a schedule, with its history where it has one; say whether that one is new."""
        is_new = False
        history = outcome.history
        if history is not None:
            number = self._known.get(history.digest)
            is_new = number is None
            if number is None:
                number = self._known[history.digest] = len(self._known) + 1
                lines = self._lines.pop(history.digest)
                text = "".join(f'{{"history":{number},{line[1:]}\n' for line in lines)
                self._histories.write(text.encode())
            self._explored.write(f"{number}\t{outcome.preemptions}\t{outcome.line}\n".encode())
            self.schedules += 1
        self._journaled.write(entry(place, outcome, self._speaker))
        self._since_flush += 1
        if self._since_flush >= _FLUSH_EVERY:
            self.flush()
        return is_new

    def flush(self) -> None:
        """Bring everything to the operating system, what is concluded after what it is concluded from."""
        self._since_flush = 0
        for file in (self._histories, self._explored, self._journaled):
            file.flush()

    def finish(self) -> None:
        """Drop the journal: the exploration came to its end, and there is nothing to go on with."""
        self._journal.unlink()
