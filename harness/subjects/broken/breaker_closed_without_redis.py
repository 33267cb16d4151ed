"""Planted: where Redis does not answer, the breaker counts as closed, and everybody calls what is known to fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from harness.subjects.breaker_words import LIMITS, classify
from harness.subjects.broken.breaker_footing import TERMS, SharedBreaker, behind
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from harness.subjects.contract import Guard

PLANTED = Planted(
    bug="counts as closed where Redis does not answer, so that an open breaker lets through whoever cannot ask it",
    cure="lets nobody through whom Redis has not let through",
    origin="pybreaker 1.4.1: fallback_circuit_state is closed unless somebody says otherwise",
    checker="open_refuses",
    faults=("request_lost",),
)

_as_declared = declare(promise="circuit_breaker", classify=classify, outside=LIMITS, reusable=True, breaker=TERMS)


class _Trusting(SharedBreaker):
    """Takes no answer for a yes."""

    def allow(self, scope: str, call: str) -> int:
        try:
            return super().allow(scope, call)
        except redis.RedisError:
            return 0


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return behind(_Trusting(redis_url, lease_s))


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return behind(SharedBreaker(redis_url, lease_s))
