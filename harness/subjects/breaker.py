"""The subjects ``breaker`` and ``breaker.touchy``: the circuit breaker of the safety core."""

from __future__ import annotations

from harness.subjects.breaker_guard import BreakerGuard
from harness.subjects.breaker_words import LIMITS, classify
from harness.subjects.contract import BreakerLimits, declare

_USUAL = BreakerLimits(failures=3, probes=1)
_TOUCHY = BreakerLimits(failures=1, probes=1)


@declare(promise="circuit_breaker", classify=classify, outside=LIMITS, breaker={"failures": 3, "probes": 1})
def make(redis_url: str, lease_s: float) -> BreakerGuard:
    """Return the breaker that opens after three failures."""
    return BreakerGuard(redis_url, lease_s, _USUAL)


@declare(promise="circuit_breaker", classify=classify, outside=LIMITS, breaker={"failures": 1, "probes": 1})
def make_touchy(redis_url: str, lease_s: float) -> BreakerGuard:
    """Return the breaker that one failure opens."""
    return BreakerGuard(redis_url, lease_s, _TOUCHY)
