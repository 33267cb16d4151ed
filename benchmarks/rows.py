"""What a benchmark hands in: rows of one table. Values only; nothing here measures or prints."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

_P99 = 0.99


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure that was taken several times.

    Attributes:
        median: What counts.
        low: The lowest.
        high: The highest.
        repeats: How many there were.
    """

    median: float
    low: float
    high: float
    repeats: int


def spread_of(figures: Sequence[float]) -> Spread:
    """Return the spread of *figures*, of which there is at least one."""
    return Spread(statistics.median(figures), min(figures), max(figures), len(figures))


@dataclass(frozen=True, slots=True)
class Latency:
    """How long single calls took, in microseconds; information, never a limit."""

    p50_us: float
    p99_us: float


def latency_of(seconds: Sequence[float]) -> Latency:
    """Return the percentiles of *seconds*; with fewer than a hundred of them the p99 is their maximum."""
    ordered = sorted(seconds)
    last = min(len(ordered) - 1, int(len(ordered) * _P99))
    return Latency(statistics.median(ordered) * 1e6, ordered[last] * 1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        benchmark: Name of the benchmark.
        case: What was measured against what.
        ratio: The ratio; None for a row that only informs, or that could not be run.
        limit: What the ratio may be at most; None where it only informs.
        at_least: Whether the limit is what the ratio must be at least.
        limit_included: Whether a ratio equal to the limit holds.
        not_run: Why there is no figure; empty if there is one.
        latency: Of what is measured, not of what it is compared to.
        durability: What the server was told about keeping data.
        note: Further figures, as text.
        figures: The same figures for the JSON file.
    """

    benchmark: str
    case: str
    ratio: Spread | None = None
    limit: float | None = None
    at_least: bool = False
    limit_included: bool = True
    not_run: str = ""
    latency: Latency | None = None
    durability: str = ""
    note: str = ""
    figures: dict[str, float | str] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """One of ``ok``, ``MISS``, ``info``, ``not run``."""
        if self.not_run:
            return "not run"
        if self.limit is None or self.ratio is None:
            return "info"
        ratio = self.ratio.median
        is_within = ratio > self.limit if self.at_least else ratio < self.limit
        return "ok" if is_within or (self.limit_included and ratio == self.limit) else "MISS"

    @property
    def bound(self) -> str:
        """The limit in words; empty where there is none."""
        if self.limit is None:
            return ""
        return f"{'>' if self.at_least else '<'}{'=' if self.limit_included else ''} {self.limit:g}"

    def to_object(self) -> dict[str, Any]:
        """Return the row as a JSON object."""
        return {**asdict(self), "verdict": self.verdict}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured.

    Attributes:
        repeats: Interleaved repeats, 7 or more; each gives one ratio.
        share: What part of the usual calls per repeat is made, above 0 and at most 1.
    """

    repeats: int
    share: float

    @property
    def is_short(self) -> bool:
        """Whether fewer calls than usual are made."""
        return self.share < 1

    @property
    def few(self) -> int:
        """Repeats of what takes seconds: 3 or more, as many as the share allows."""
        return max(3, round(self.repeats * self.share))

    def scaled(self, usual: int) -> int:
        """Return how many of the *usual* calls are made, 1 or more."""
        return max(1, round(usual * self.share))


FULL = Effort(repeats=9, share=1.0)
QUICK = Effort(repeats=7, share=0.25)

Benchmark = Callable[[Effort], list[Row]]
"""Measures something and hands in its rows."""
