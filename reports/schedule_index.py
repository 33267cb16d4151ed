"""What ``explored.tsv`` says: the simplest schedule of every history, and how many schedules gave it.

An exploration may have millions of histories. Of each only a place in the file and a count are kept, sixteen bytes;
the line is read again when it is asked for.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import defaultdict
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from verify.decisions import decisions_of, faults_of
from verify.run_layout import EXPLORED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SPARE = 1 << 16
"""A number may be so much larger than there are numbers, and be kept in the array: a file may hold any."""


@dataclass(frozen=True, slots=True, order=True)
class Explored:
    """One schedule that was run; the order of two is the order of their simplicity.

    Attributes:
        fault_count: How many faults strike in it.
        preemptions: Switches away from a process that could have gone on.
        length: Characters of its line.
        line: ``workload: decision decision ...``.
    """

    fault_count: int
    preemptions: int
    length: int
    line: str

    @classmethod
    def from_line(cls, line: str, preemptions: int) -> Explored:
        """Return the schedule of a one-line form."""
        return cls(len(faults_of(decisions_of(line))), preemptions, len(line), line)


class Numbers:
    """A whole number for each history, by its number; those that lie far from all others are kept apart."""

    def __init__(self) -> None:
        self._near = array("Q")
        self._met = 0
        self._far: dict[int, int] = defaultdict(int)

    def __getitem__(self, number: int) -> int:
        if 0 <= number < len(self._near):
            return self._near[number]
        return self._far.get(number, 0)

    def __setitem__(self, number: int, value: int) -> None:
        if number in self._far or not 0 <= number < self._met + _SPARE:
            self._far[number] = value
            return
        if number >= len(self._near):
            self._near.extend([0] * (number + 1 - len(self._near)))
        self._met += not self._near[number]
        self._near[number] = value

    def __iter__(self) -> Iterator[int]:
        """Yield the numbers of the histories that have something else than 0, in order."""
        near = (number for number, value in enumerate(self._near) if value)
        far = sorted(number for number, value in self._far.items() if value)
        yield from (number for number in far if number < 0)
        yield from near
        yield from (number for number in far if number >= 0)


class ScheduleIndex:
    """The schedules of one part, read once.

    Attributes:
        schedules: Schedules in all.
        sha256: Digest of the file.
        problems: One sentence for each line that is no schedule.
        counts: How many schedules gave a history, by its number.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / EXPLORED
        self._places = Numbers()
        self.counts = Numbers()
        self.schedules = 0
        self.problems: list[str] = []
        digest = hashlib.sha256()
        with self._path.open("rb") as lines, self._path.open("rb") as again:
            place = 0
            for at, raw in enumerate(lines, start=1):
                digest.update(raw)
                self._take(raw, place, at, again)
                place += len(raw)
        self.sha256 = digest.hexdigest()

    def opened(self) -> IO[bytes]:
        """Return the file, from which :meth:`simplest` reads."""
        return self._path.open("rb")

    def simplest(self, number: int, lines: IO[bytes]) -> Explored | None:
        """Return the simplest schedule that gave history *number*; None where none did.

        Args:
            number: The number of the history.
            lines: As :meth:`opened` returned it.
        """
        if not self.counts[number]:
            return None
        lines.seek(self._places[number])
        parsed = _parse(lines.readline())
        return None if parsed is None else parsed[1]

    def _take(self, raw: bytes, place: int, at: int, again: IO[bytes]) -> None:
        parsed = _parse(raw)
        if parsed is None:
            self.problems.append(f"line {at} of {EXPLORED} is no schedule")
            return
        number, schedule = parsed
        known = self.simplest(number, again)
        if known is None or schedule < known:
            self._places[number] = place
        self.schedules += 1
        self.counts[number] += 1


def _parse(raw: bytes) -> tuple[int, Explored] | None:
    try:
        number, preemptions, line = raw.decode("utf-8").removesuffix("\n").split("\t")
        if ": " not in line:
            return None
        return int(number), Explored.from_line(line, int(preemptions))
    except ValueError:
        return None
