"""How many attempts jobs needed, in seven buckets. Counts, and judges nothing."""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import Self

from safety_core.job_safety.errors import PolicyError

EDGES = (1, 2, 3, 5, 8, 13)
"""Highest number of attempts in each bucket but the last: 1, 2, 3, 4 to 5, 6 to 8, 9 to 13, 14 and more.

Every count up to the default limit of 3 has a bucket of its own; from there on they grow as Fibonacci's numbers."""

BUCKETS = ("1", "2", "3", "4-5", "6-8", "9-13", "14+")
"""Names of the seven buckets."""


class RetryHistogram:
    """Distribution of attempts. Safe for threads."""

    def __init__(self) -> None:
        self._counts = [0] * len(BUCKETS)
        self._sum = 0
        self._lock = threading.Lock()

    def observe(self, attempts: int) -> None:
        """Count one job that took `attempts` of them, 1 or more.

        Raises:
            PolicyError: It is no whole number from 1 on.
        """
        given: object = attempts
        if isinstance(given, bool) or not isinstance(given, int) or given < 1:
            raise PolicyError(f"attempts is {given!r:.80}; expected a whole number from 1 on")
        with self._lock:
            self._counts[bisect_left(EDGES, given)] += 1
            self._sum += given

    @property
    def counts(self) -> dict[str, int]:
        """How many jobs are in each bucket, by its name."""
        with self._lock:
            return dict(zip(BUCKETS, self._counts, strict=True))

    @property
    def cumulative(self) -> list[tuple[float, int]]:
        """How many jobs took at most so many attempts, as Prometheus counts; the last edge is infinite."""
        with self._lock:
            counts = list(self._counts)
        total, rows = 0, []
        for edge, count in zip((*map(float, EDGES), float("inf")), counts, strict=True):
            total += count
            rows.append((edge, total))
        return rows

    @property
    def total(self) -> int:
        """How many jobs were counted."""
        with self._lock:
            return sum(self._counts)

    @property
    def mean(self) -> float | None:
        """Attempts per job; None where none was counted."""
        with self._lock:
            total = sum(self._counts)
            return self._sum / total if total else None

    def merge(self, other: Self) -> None:
        """Add what another histogram counted."""
        with other._lock:
            counts, total = list(other._counts), other._sum
        with self._lock:
            self._counts = [mine + theirs for mine, theirs in zip(self._counts, counts, strict=True)]
            self._sum += total
