"""Finds spikes: more retries in the last minutes than the hour before them lets one expect.

Counts are compared after a square root, which makes their spread the same at every rate (Anscombe 1948), and measured
against how unevenly the hour before came (its variance over its mean). How often it is wrong and how long it takes is
measured on labelled series, see `measuring`. With no history it stays silent, and says so.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, final

from safety_core.job_safety.errors import PolicyError

from .emission import OnAlert, RetryAlert, emit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeSettings:
    """How a spike is told from chance.

    Attributes:
        bucket_s: Seconds that are counted together, above 0.
        window_buckets: Buckets, the current one included, in which a spike is looked for.
        baseline_buckets: Buckets before them that say what is usual.
        least_history: Buckets of history without which nothing is a spike, 2 or more.
        threshold: Standard deviations above the usual from which on it is a spike.
        min_count: Fewer retries than this in the window are never a spike.
    """

    bucket_s: float = 60.0
    window_buckets: int = 5
    baseline_buckets: int = 60
    least_history: int = 10
    threshold: float = 4.0
    min_count: int = 10

    def __post_init__(self) -> None:
        """Check every range.

        Raises:
            PolicyError: A value is out of its range or of a wrong type.
        """
        ranges = {
            "bucket_s": (0.001, 1e9),
            "window_buckets": (1, 10_000),
            "baseline_buckets": (2, 100_000),
            "least_history": (2, 100_000),
            "threshold": (0.1, 1000),
            "min_count": (1, 1e9),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                raise PolicyError(f"{name} is {value!r:.80}; expected a number between {low:g} and {high:g}")
        if self.least_history > self.baseline_buckets:
            raise PolicyError(f"least_history is {self.least_history}; expected at most the baseline_buckets")


class RetrySpikeDetector:
    """Counts retries, and tells once when a spike begins. Safe for threads.

    Attributes:
        settings: As given.
        job_type: Whose retries it counts; empty for all.
    """

    def __init__(
        self,
        *,
        settings: SpikeSettings | None = None,
        job_type: str = "",
        on_alert: OnAlert | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a detector; `clock` gives seconds and only runs forward."""
        self.settings = settings if settings is not None else SpikeSettings()
        self.job_type = job_type
        self._on_alert = on_alert
        self._clock = clock
        self._lock = threading.Lock()
        self._window: deque[int] = deque([0])
        self._baseline = _Tally()
        self._bucket: int | None = None
        self._spiking_for: int | None = None

    def record(self, count: int = 1, *, at_s: float | None = None) -> RetryAlert | None:
        """Count retries that were started; return and pass on the alert if a spike begins with them.

        Raises:
            PolicyError: The count is no whole number from 0 on.
        """
        given: object = count
        if isinstance(given, bool) or not isinstance(given, int) or given < 0:
            raise PolicyError(f"count is {given!r:.80}; expected a whole number from 0 on")
        with self._lock:
            now = self._clock() if at_s is None else at_s
            self._advance(now)
            self._window[-1] += given
            alert = self._begun(now)
        if alert is not None:
            emit(self._on_alert, alert)
        return alert

    def is_spiking(self, *, at_s: float | None = None) -> bool:
        """Return whether a spike lasts."""
        with self._lock:
            self._advance(self._clock() if at_s is None else at_s)
            return self._spiking_for is not None

    @property
    def has_history(self) -> bool:
        """Whether enough was seen to tell a spike from chance. Before that, silence means nothing."""
        with self._lock:
            return self._baseline.known >= self.settings.least_history

    def _begun(self, now: float) -> RetryAlert | None:
        count = sum(self._window)
        if self._spiking_for is not None or count < self.settings.min_count:
            return None
        score = self._score(count)
        if score is None or score <= self.settings.threshold:
            return None
        self._spiking_for = 0
        expected = self._expected()
        minutes = self.settings.bucket_s * len(self._window) / 60
        return RetryAlert(
            kind="spike",
            severity="Warning",
            job_type=self.job_type,
            at_s=now,
            message=f"{count} retries within {minutes:g} minutes, where {expected:.1f} are usual",
            figures={"count": count, "expected": expected, "score": round(score, 2)},
        )

    def _expected(self) -> float:
        return self._baseline.mean * len(self._window)

    def _score(self, count: int) -> float | None:
        """Return how many standard deviations the window is above the usual; None without history."""
        usual = self._baseline
        if usual.known < self.settings.least_history:
            return None
        apart = 2 * (sqrt(count + 0.375) - sqrt(usual.mean * len(self._window) + 0.375))
        return apart / sqrt(usual.unevenness * (1 + len(self._window) / usual.known))

    def _advance(self, now: float) -> None:
        """Close the buckets that are over. A clock that goes back stays in the current one."""
        bucket = int(now // self.settings.bucket_s)
        if self._bucket is None:
            self._bucket = bucket
        settings = self.settings
        if bucket - self._bucket > settings.window_buckets + settings.baseline_buckets:
            # After such a silence nothing of what was seen is left in either.
            self._window, self._spiking_for = deque([0] * settings.window_buckets), None
            self._baseline = _Tally([0] * settings.baseline_buckets)
            self._bucket = bucket
        while self._bucket < bucket:
            self._bucket += 1
            self._close()

    def _close(self) -> None:
        settings = self.settings
        if self._spiking_for is not None:
            self._spiking_for += 1
            if (self._score(sum(self._window)) or 0.0) < settings.threshold / 2:
                self._spiking_for = None
            elif self._spiking_for > settings.baseline_buckets:
                # It has lasted as long as the history: it is what is usual now, and has to be learnt anew.
                self._spiking_for = None
                self._baseline = _Tally()
        self._window.append(0)
        if len(self._window) > settings.window_buckets:
            oldest = self._window.popleft()
            if self._spiking_for is None:
                self._baseline.add(oldest, most=settings.baseline_buckets)


@final
class _Tally:
    """Counts of past buckets, with their sums kept, so that a look costs the same at any length."""

    __slots__ = ("_counts", "_squares", "_sum")

    def __init__(self, counts: Iterable[int] = ()) -> None:
        self._counts = deque(counts)
        self._sum = sum(self._counts)
        self._squares = sum(one * one for one in self._counts)

    def add(self, count: int, *, most: int) -> None:
        """Add the count of one bucket, and forget the oldest beyond `most`."""
        self._counts.append(count)
        self._sum += count
        self._squares += count * count
        if len(self._counts) > most:
            gone = self._counts.popleft()
            self._sum -= gone
            self._squares -= gone * gone

    @property
    def known(self) -> int:
        """How many buckets there are."""
        return len(self._counts)

    @property
    def mean(self) -> float:
        """Retries per bucket."""
        return self._sum / len(self._counts)

    @property
    def unevenness(self) -> float:
        """Variance over mean, 1 for what comes by chance; never below 1."""
        if not self._sum:
            return 1.0
        spread = (self._squares - self._sum * self._sum / len(self._counts)) / (len(self._counts) - 1)
        return max(1.0, spread / self.mean)
