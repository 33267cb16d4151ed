"""What a retry policy may be told, and the cooldowns that follow from it. Values and arithmetic only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import floor

from safety_core.job_safety.errors import PolicyError

_MAX_SECONDS = 366 * 86400.0
_MAX_RETRIES = 1_000_000
_DOUBLINGS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySettings:
    """How often a job may be retried, and how long it waits in between. The names are those of the configuration.

    Attributes:
        max_attempts: Most retries of a job after its first run, 0 or more.
        cooldown_seconds: Wait before the first retry, counted from the failure or the last attempt, whichever is
            later, on the server's clock.
        exponential_backoff: Whether the wait doubles with each attempt.
        max_cooldown_seconds: No wait is longer.
        jitter: Share of a wait that is left to chance, 0 to 1: the wait is drawn between (1 - jitter) of it and the
            whole. The same job and attempt always draw the same.
        retention_seconds: How long attempts are remembered after the last change: as long as failed jobs are kept
            (RQ keeps them for a year). After it a job counts from none again.
    """

    max_attempts: int = 3
    cooldown_seconds: float = 60.0
    exponential_backoff: bool = True
    max_cooldown_seconds: float = 3600.0
    jitter: float = 0.0
    retention_seconds: float = 31_536_000.0

    def __post_init__(self) -> None:
        """Check every range.

        Raises:
            PolicyError: A value is out of its range or of a wrong type.
        """
        self._within("max_attempts", 0, _MAX_RETRIES)
        for name, kind, expected in (
            ("max_attempts", int, "a whole number"),
            ("exponential_backoff", bool, "a bool"),
        ):
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise PolicyError(f"{name} is {value!r:.80}; expected {expected}")
        self._within("cooldown_seconds", 0, _MAX_SECONDS)
        self._within("max_cooldown_seconds", self.cooldown_seconds, _MAX_SECONDS)
        self._within("jitter", 0, 1)
        self._within("retention_seconds", max(1.0, self.max_cooldown_seconds), 10 * _MAX_SECONDS)

    def _within(self, name: str, low: float, high: float) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise PolicyError(f"{name} is {value!r}; expected a number between {low:g} and {high:g}")

    @property
    def max_retries(self) -> int:
        """Most retries after the first run."""
        return self.max_attempts

    @property
    def max_calls(self) -> int:
        """Most runs of a job, the first one included."""
        return self.max_attempts + 1

    def cooldown_ms(self, attempts: int, key: str = "") -> int:
        """Return the wait before the next retry of a job that was retried `attempts` times, in milliseconds.

        Args:
            attempts: Retries so far, 0 or more.
            key: The key of the job's record, for its jitter; without it there is none.

        Raises:
            PolicyError: `attempts` is no whole number from 0 on.
        """
        given: object = attempts
        if isinstance(given, bool) or not isinstance(given, int) or given < 0:
            raise PolicyError(f"attempts is {given!r:.80}; expected a whole number from 0 on")
        base = round(self.cooldown_seconds * 1000)
        wait = base * 2 ** min(attempts, _DOUBLINGS) if self.exponential_backoff else base
        wait = min(wait, round(self.max_cooldown_seconds * 1000))
        jitter = self.jitter if key else 0.0
        return floor(wait * (1 - jitter * _draw(key, attempts)))


def _draw(key: str, attempts: int) -> float:
    """Return the chance of one job and attempt, 0 to 1: the one that the script draws as well."""
    digest = hashlib.sha1(f"{key}:{attempts}".encode("ascii"), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) / 2**32
