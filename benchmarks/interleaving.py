"""Measures contenders side by side: in short turns, in changing order, after a warm-up.

A disturbance of the machine then meets all of them. The ratio of a repeat compares medians of single calls, so that
one call that another process interrupted does not count.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.rows import Latency, Spread, latency_of, spread_of

if TYPE_CHECKING:
    from benchmarks.rows import Effort

Turn = Callable[[int], list[float]]
"""Makes so many calls; returns the seconds that each took. What it prepares before is not counted."""

_BATCH = 100


@dataclass(frozen=True, slots=True)
class Samples:
    """Seconds per call, by contender and repeat."""

    of: Mapping[str, list[list[float]]]

    def ratio(self, measured: str, against: str) -> Spread:
        """Return how much longer *measured* took than *against*, as the median over the repeats."""
        pairs = zip(self._medians(measured), self._medians(against), strict=True)
        return spread_of([one / other for one, other in pairs])

    def added(self, measured: str, against: str, *, without: str) -> Spread:
        """Return how much more *measured* adds to *without* than *against* does, as the median over the repeats."""
        repeats = zip(*(self._medians(name) for name in (measured, against, without)), strict=True)
        return spread_of([(one - bare) / (other - bare) for one, other, bare in repeats])

    def typical_us(self) -> dict[str, float]:
        """Return the microseconds of a typical call, by contender."""
        return {name: statistics.median(self._medians(name)) * 1e6 for name in self.of}

    def _medians(self, contender: str) -> list[float]:
        return [statistics.median(repeat) for repeat in self.of[contender]]

    def latency(self, contender: str) -> Latency:
        """Return the percentiles over all calls of *contender*."""
        return latency_of([seconds for repeat in self.of[contender] for seconds in repeat])


def side_by_side(contenders: Mapping[str, Turn], effort: Effort, *, calls: int, turn: int) -> Samples:
    """Measure *contenders*.

    Args:
        contenders: What is measured, by name.
        effort: How many repeats.
        calls: Calls of each contender per repeat.
        turn: Calls of one contender before the next has its turn; few, where calls are long.
    """
    order = list(contenders.items())
    for _, run in order:
        run(max(turn, calls // 2))
    seconds: dict[str, list[list[float]]] = {name: [] for name in contenders}
    for _ in range(effort.repeats):
        for name in contenders:
            seconds[name].append([])
        for _ in range(-(-calls // turn)):
            for name, run in order:
                seconds[name][-1] += run(turn)
            order.reverse()
    return Samples(seconds)


def timed(act: Callable[[], object]) -> Turn:
    """Return the turn of a contender that does *act* in each call."""

    def turn(calls: int) -> list[float]:
        spent = []
        for _ in range(calls):
            began = perf_counter()
            act()
            spent.append(perf_counter() - began)
        return spent

    return turn


def in_batches(act: Callable[[], object]) -> Turn:
    """Do as :func:`timed` for an act that is shorter than the clock is fine: a call does it a hundred times."""

    def batch() -> None:
        for _ in range(_BATCH):
            act()

    once = timed(batch)
    return lambda calls: [seconds / _BATCH for seconds in once(calls)]
