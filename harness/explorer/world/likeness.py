"""Which workers of a schedule nobody could tell apart: one job, and nothing done yet but to read the same.

Whatever one of them does next, the others would do in its place. So it is tried for one of them, and what is judged
is the same but for their names.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from verify.decisions import is_step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.explorer.search.footprint import Footprint
    from harness.explorer.search.tree import Alike

_PAIR = 2
_Read = tuple[tuple[str, int], ...]
"""What a step read, each with how often it had been written; under no name, how often anything may have been."""


class Likeness:
    """Follows what workers have read in one schedule.

    Attributes:
        is_known: Whether all that workers did was decided; nothing is alike where background threads act.
    """

    def __init__(self) -> None:
        self.is_known = True
        self._jobs: dict[str, object] = {}
        self._read: dict[str, list[_Read]] = {}
        self._written: Counter[str] = Counter()

    def begins(self, worker: str, job: object) -> None:
        """Note that a worker begins, before anything has been decided."""
        self._jobs[worker] = job
        self._read[worker] = []

    def decided(self, actor: str, decision: str, touched: Footprint) -> None:
        """Note what a decision touched."""
        read = self._read.get(actor)
        if read is not None:
            if is_step(decision) and touched.only_reads:
                read.append(tuple(sorted((name, self._written[name]) for name in ("", *touched.reads))))
            else:
                del self._read[actor]
        self._written.update(touched.writes)
        self._written[""] += touched.everything

    def of(self, waiting: Iterable[str]) -> Alike:
        """Return each of those who wait that is like an earlier one of them, with the first one that it is like."""
        if not self.is_known or len(self._read) < _PAIR:
            return ()
        alike = []
        firsts: list[str] = []
        for worker in waiting:
            if worker in self._read:
                first = next((each for each in firsts if self._are_alike(each, worker)), None)
                if first is None:
                    firsts.append(worker)
                else:
                    alike.append((worker, first))
        return tuple(alike)

    def _are_alike(self, one: str, other: str) -> bool:
        return self._jobs[one] == self._jobs[other] and self._read[one] == self._read[other]
