"""Planted: the state of a breaker is kept in the memory of each process, and the others never hear of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.subjects.breaker_words import LIMITS, OpenError, classify
from harness.subjects.broken.breaker_footing import TERMS, SharedBreaker, behind
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from harness.subjects.contract import Guard

PLANTED = Planted(
    bug="keeps the state of the breaker in each process: what one learnt the hard way, every other one learns again",
    cure="keeps it in Redis, where all processes ask",
    origin="most breakers for Python; danielfm/pybreaker #24, #26, #28: shared state that a new process begins anew",
    checker="open_refuses",
)

_as_declared = declare(promise="circuit_breaker", classify=classify, outside=LIMITS, reusable=False, breaker=TERMS)


class _OwnBreaker:
    """The breaker of one process."""

    def __init__(self, lease_s: float) -> None:
        self._lease_s = lease_s
        self._over_s = 0.0
        self._probe = ""

    def allow(self, scope: str, call: str) -> int:
        if self._over_s:
            if time.time() < self._over_s or self._probe:
                raise OpenError(scope)
            self._probe = call
        return 0

    def record(self, _scope: str, _call: str, _state: int, ended: str) -> None:
        self._probe = ""
        if ended == "failed":
            self._over_s = time.time() + self._lease_s
        elif ended == "done":
            self._over_s = 0.0


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:  # noqa: ARG001 - it asks nobody
    """Return the guard with the bug."""
    return behind(_OwnBreaker(lease_s))


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return behind(SharedBreaker(redis_url, lease_s))
