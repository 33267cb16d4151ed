"""The life of retries in a sliding window: failed, planned, refused, started, succeeded or failed again.

In the memory of one process, and bounded: what happened before the window, or too often in it, is forgotten oldest
first. It judges nothing.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, final

from safety_core.job_safety.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_EVENTS = 100_000


class RetryEvent(StrEnum):
    """A step in the life of a retry."""

    FAILED = "failed"
    """A run failed with a kind of failure that may be retried."""
    FAILED_FOR_GOOD = "failed for good"
    """A run failed with a kind of failure that a retry cannot help."""
    SCHEDULED = "scheduled"
    BLOCKED = "blocked"
    """A retry was refused, by the policy or by the guard."""
    STARTED = "started"
    SUCCEEDED = "succeeded"
    EXHAUSTED = "exhausted"
    """The most retries were reached: somebody must look."""


ENDS = frozenset({RetryEvent.FAILED, RetryEvent.FAILED_FOR_GOOD, RetryEvent.SUCCEEDED, RetryEvent.EXHAUSTED})
"""What ends a retry that was started."""


@final
@dataclass(frozen=True, slots=True)
class Seen:
    """One step, as it was recorded.

    Attributes:
        at_s: When, in seconds of the tracker's clock.
        job_id: Which job.
        job_type: Of which type.
        event: What happened.
    """

    at_s: float
    job_id: str
    job_type: str
    event: RetryEvent


class RetryWindowTracker:
    """Remembers the steps of the last `window_s` seconds. Safe for threads.

    Attributes:
        window_s: Length of the window in seconds.
    """

    def __init__(
        self,
        window_s: float = 3600.0,
        *,
        max_events: int = _MAX_EVENTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a tracker.

        Args:
            window_s: Length of the window, above 0. One hour by default.
            max_events: Most steps that are remembered, 1 or more.
            clock: Gives seconds, and only runs forward.

        Raises:
            PolicyError: The length or the number is out of its range.
        """
        if not 0 < window_s < float("inf") or max_events < 1:
            raise PolicyError(f"window_s is {window_s!r} and max_events {max_events!r}; expected both above 0")
        self.window_s = window_s
        self._max_events = max_events
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: deque[Seen] = deque()
        self._counts: Counter[tuple[str, RetryEvent]] = Counter()
        self._running: dict[str, Seen] = {}
        self._last_s = float("-inf")

    def record(self, job_id: str, event: RetryEvent | str, *, job_type: str = "", at_s: float | None = None) -> None:
        """Take note of a step. A time before the last one counts as the last one.

        Raises:
            PolicyError: There is no such step.
        """
        try:
            step = RetryEvent(event)
        except ValueError:
            raise PolicyError(f"event {event!r:.80} is unknown; expected one of: {', '.join(RetryEvent)}") from None
        with self._lock:
            now = self._now(at_s)
            seen = Seen(now, job_id, job_type, step)
            self._seen.append(seen)
            self._counts[job_type, step] += 1
            if step is RetryEvent.STARTED:
                self._running[job_id] = seen
            elif step in ENDS:
                self._running.pop(job_id, None)
            self._forget(now)

    def count(self, event: RetryEvent, *, job_type: str | None = None, at_s: float | None = None) -> int:
        """Return how often a step was taken in the window, by jobs of one type or (None) by all."""
        with self._lock:
            self._forget(self._now(at_s))
            if job_type is not None:
                return self._counts[job_type, event]
            return sum(number for (_, step), number in self._counts.items() if step is event)

    def rate_per_minute(self, *, job_type: str | None = None, at_s: float | None = None) -> float:
        """Return how many retries were started per minute of the window."""
        return self.count(RetryEvent.STARTED, job_type=job_type, at_s=at_s) / (self.window_s / 60)

    def job_types(self, *, at_s: float | None = None) -> list[str]:
        """Return the types of the jobs in the window, sorted."""
        with self._lock:
            self._forget(self._now(at_s))
            return sorted({job_type for (job_type, _), number in self._counts.items() if number})

    def lifecycle(self, job_id: str, *, at_s: float | None = None) -> list[Seen]:
        """Return the steps of one job in the window, oldest first."""
        with self._lock:
            self._forget(self._now(at_s))
            return [seen for seen in self._seen if seen.job_id == job_id]

    def steps(self, *, at_s: float | None = None) -> list[Seen]:
        """Return every step in the window, oldest first."""
        with self._lock:
            self._forget(self._now(at_s))
            return list(self._seen)

    def running(self) -> list[Seen]:
        """Return the retries that were started and not ended, whenever that was, oldest first."""
        with self._lock:
            return sorted(self._running.values(), key=lambda seen: seen.at_s)

    def now_s(self) -> float:
        """Return the time of the tracker, in seconds."""
        with self._lock:
            return self._now(None)

    def _now(self, at_s: float | None) -> float:
        self._last_s = max(self._last_s, self._clock() if at_s is None else at_s)
        return self._last_s

    def _forget(self, now_s: float) -> None:
        oldest = now_s - self.window_s
        while self._seen and (self._seen[0].at_s <= oldest or len(self._seen) > self._max_events):
            gone = self._seen.popleft()
            self._counts[gone.job_type, gone.event] -= 1
            if not self._counts[gone.job_type, gone.event]:
                del self._counts[gone.job_type, gone.event]
        while len(self._running) > self._max_events:
            del self._running[next(iter(self._running))]
