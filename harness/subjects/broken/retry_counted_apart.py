"""Planted: whether a job may be tried is asked in one command, and the try is counted in another."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from harness.subjects.broken.planted import Planted
from harness.subjects.broken.retry_footing import LOOK, SharedPolicy, limited_by
from harness.subjects.contract import declare
from harness.subjects.retry_words import LIMITS, CooldownError, ExhaustedError, classify

if TYPE_CHECKING:
    from harness.subjects.contract import Guard

PLANTED = Planted(
    bug="looks at count and cooldown in one command and counts in the next: two workers are let through at once",
    cure="looks and counts in one script",
    origin="check, then act: cameronmaske/celery-once #7; purgatory 3.0.1 reads, changes and writes back its state",
    checker="cooldown_kept",
)

_LOOK = f"{LOOK} return 'go'"

_as_declared = declare(
    promise="retry_policy", classify=classify, outside=LIMITS, reusable=True, retries={"attempts": 2}
)


class _TwoCommands(SharedPolicy):
    """Looks with one script, and counts with another."""

    def __init__(self, redis_url: str, lease_s: float, attempts: int, script: str) -> None:
        super().__init__(redis_url, lease_s, attempts, script)
        self._counting = SharedPolicy(redis_url, lease_s, attempts)

    def ask(self, key: str) -> None:
        super().ask(key)
        with suppress(CooldownError, ExhaustedError):
            self._counting.ask(key)


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return limited_by(_TwoCommands(redis_url, lease_s, 2, _LOOK))


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return limited_by(SharedPolicy(redis_url, lease_s, 2))
