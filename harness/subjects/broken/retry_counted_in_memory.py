"""Planted: each worker counts the tries of a job in its own memory, and the next one begins at none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.subjects.broken.planted import Planted
from harness.subjects.broken.retry_footing import SharedPolicy, limited_by
from harness.subjects.contract import LONGEST_COOLDOWN_LEASES, declare
from harness.subjects.retry_words import LIMITS, CooldownError, ExhaustedError, classify

if TYPE_CHECKING:
    from harness.subjects.contract import Guard

PLANTED = Planted(
    bug="counts tries in the memory of the worker: whoever is given the job next begins to count anew",
    cure="counts them in Redis, where all workers ask",
    origin="tenacity and stamina count within a process; what is delivered anew is counted anew",
    checker="attempts_limit",
)
_ATTEMPTS = 2

_as_declared = declare(
    promise="retry_policy", classify=classify, outside=LIMITS, reusable=False, retries={"attempts": _ATTEMPTS}
)


class _OwnCount:
    """The tries that one process knows of."""

    def __init__(self, lease_s: float) -> None:
        self._lease_s = lease_s
        self._tries: dict[str, tuple[int, float]] = {}

    def ask(self, key: str) -> None:
        tries, due_s = self._tries.get(key, (0, 0.0))
        if tries >= _ATTEMPTS:
            raise ExhaustedError(key)
        if due_s > time.time():
            raise CooldownError(key)
        self._tries[key] = (tries + 1, time.time() + self._lease_s * min(2**tries, LONGEST_COOLDOWN_LEASES))

    def tell(self, key: str, *, succeeded: bool) -> None:
        if succeeded:
            self._tries.pop(key, None)


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:  # noqa: ARG001 - it asks nobody
    """Return the guard with the bug."""
    return limited_by(_OwnCount(lease_s))


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return limited_by(SharedPolicy(redis_url, lease_s, _ATTEMPTS))
