"""Measures a spike detector on series whose spikes are known: false alarms per day, spikes found, delay.

The series are drawn from a seed, so that the same settings always give the same figures.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import exp, pi, sin
from statistics import median
from typing import TYPE_CHECKING, final

from .spike import RetrySpikeDetector, SpikeSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUCKET_S = 60.0
"""Seconds of one count of a series."""
DAY = 1440
"""Counts of a series per day."""
_WARM_UP, _SPIKE, _TAIL = 180, 10, 60
_LARGEST_DRAW = 20.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A series of counts per minute, and where its spikes are.

    Attributes:
        name: What it is like.
        counts: Retries in each minute.
        spikes: First minute of each spike, and the first one after it.
    """

    name: str
    counts: tuple[int, ...]
    spikes: tuple[tuple[int, int], ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How a detector did on one series.

    Attributes:
        name: What the series is like.
        days: Its length in days.
        false_alarms: Alarms outside every spike, and outside the window that still holds one.
        spikes: Spikes that there were.
        found: Spikes within which an alarm came.
        delays: Minutes from the beginning of each spike that was found to the end of the minute with its alarm.
    """

    name: str
    days: float
    false_alarms: int
    spikes: int
    found: int
    delays: tuple[int, ...]

    @property
    def false_alarms_per_day(self) -> float:
        """False alarms per day of the series."""
        return self.false_alarms / self.days

    @property
    def median_delay(self) -> float | None:
        """Median delay in minutes; None where nothing was found."""
        return median(self.delays) if self.delays else None

    @property
    def longest_delay(self) -> int | None:
        """Longest delay in minutes; None where nothing was found."""
        return max(self.delays, default=None)


def steady(rate: float) -> Callable[[int], float]:
    """Return a rate that never changes, in retries per minute."""
    return lambda _minute: rate


def daily(rate: float) -> Callable[[int], float]:
    """Return a rate that swings between a fifth of `rate` and nearly twice of it within a day."""
    return lambda minute: rate * (1 + 0.8 * sin(2 * pi * minute / DAY))


def bursty(rate: float) -> Callable[[int], float]:
    """Return a rate that comes in short bursts: one minute in four has four times of it, and the others none."""
    return lambda minute: 4 * rate if (minute * 2654435761 >> 7) % 4 == 0 else 0.0


def quiet_series(name: str, rate: Callable[[int], float], *, days: int, seed: int) -> Labelled:
    """Return a series without spikes: every alarm in it is a false one."""
    draw = random.Random(seed)  # noqa: S311 - counts, not secrets
    return Labelled(name=name, counts=tuple(_drawn(draw, rate(at)) for at in range(days * DAY)), spikes=())


def spiked_series(name: str, rate: Callable[[int], float], *, factor: float, spikes: int, seed: int) -> Labelled:
    """Return a series with `spikes` of them, of ten minutes each, in which the rate is `factor` times as high."""
    draw = random.Random(seed)  # noqa: S311 - counts, not secrets
    counts: list[int] = []
    labels = []
    for _ in range(spikes):
        counts += [_drawn(draw, rate(len(counts) + at)) for at in range(_WARM_UP)]
        begin = len(counts)
        counts += [_drawn(draw, factor * rate(begin + at)) for at in range(_SPIKE)]
        labels.append((begin, len(counts)))
        end = len(counts)
        counts += [_drawn(draw, rate(end + at)) for at in range(_TAIL)]
    return Labelled(name=name, counts=tuple(counts), spikes=tuple(labels))


def measure(series: Labelled, settings: SpikeSettings | None = None) -> Measured:
    """Let a fresh detector see a series minute by minute; return how it did."""
    chosen = settings if settings is not None else SpikeSettings()
    detector = RetrySpikeDetector(settings=chosen)
    after = round(chosen.window_buckets * chosen.bucket_s / BUCKET_S)
    found: dict[int, int] = {}
    false_alarms = 0
    for minute in _alarms(detector, series):
        spike = next((at for at, (begin, end) in enumerate(series.spikes) if begin <= minute < end + after), None)
        if spike is None:
            false_alarms += 1
        else:
            found.setdefault(spike, minute)
    return Measured(
        name=series.name,
        days=len(series.counts) / DAY,
        false_alarms=false_alarms,
        spikes=len(series.spikes),
        found=len(found),
        delays=tuple(minute - series.spikes[spike][0] + 1 for spike, minute in found.items()),
    )


def _alarms(detector: RetrySpikeDetector, series: Labelled) -> Iterator[int]:
    for minute, count in enumerate(series.counts):
        if detector.record(count, at_s=minute * BUCKET_S) is not None:
            yield minute


def _drawn(draw: random.Random, rate: float) -> int:
    """Draw a Poisson count (Knuth's way, in parts whose exponential does not vanish)."""
    count = 0
    while rate > 0:
        part, rate = min(rate, _LARGEST_DRAW), rate - _LARGEST_DRAW
        floor, product = exp(-part), draw.random()
        while product > floor:
            count += 1
            product *= draw.random()
    return count
