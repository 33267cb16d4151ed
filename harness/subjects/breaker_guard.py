"""The core's circuit breaker, behind the contract that every guard has.

It lets a call through or refuses it, and never looks whether an effect was done before. Like the reference guard's
adapter, it translates words and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.subjects.breaker_words import OpenError, RefusedError, UnrecordedError, has_failed, scope_of
from safety_core.job_safety.circuit_breaker import (
    BreakerSettings,
    CallOutcome,
    CircuitBreaker,
    Permit,
    ScopeLimits,
    WithoutRedis,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import BreakerLimits, Effect

_LONGEST_WINDOW_S = 86_400.0
_NO_ANSWER = frozenset({"store", "store_lost"})


class BreakerGuard:
    """The breaker as a guard."""

    def __init__(self, redis_url: str, lease_s: float, limits: BreakerLimits) -> None:
        """Make the guard; nothing is sent before the first call."""
        scope = ScopeLimits(
            failure_threshold=limits.failures,
            window_s=_LONGEST_WINDOW_S,
            open_s=lease_s,
            half_open_probes=limits.probes,
            probe_lease_s=lease_s,
        )
        settings = BreakerSettings(job_type=scope, namespace="stormproof", without_redis=WithoutRedis.REFUSE)
        self._breaker = CircuitBreaker(redis_url, settings=settings)

    def __call__(self, key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        """Call the venue if the breaker lets it, and return the receipt.

        Raises:
            OpenError: The breaker is open, or all of its probes are out.
            RefusedError: The breaker had no answer of Redis.
            UnrecordedError: The call was made, and Redis may not know how it ended.
        """
        permit = self._breaker.allow(scope_of(key))
        if not permit:
            raise (RefusedError if permit.reason in _NO_ANSWER else OpenError)(permit.reason)
        try:
            receipt = effect(payload)
        except Exception as error:
            self._record(permit, CallOutcome.FAILURE if has_failed(error) else CallOutcome.CALLER_MISTAKE)
            raise
        self._record(permit, CallOutcome.SUCCESS)
        return receipt

    def _record(self, permit: Permit, outcome: CallOutcome) -> None:
        if "lost" in self._breaker.record(permit, outcome).counted:
            raise UnrecordedError(permit.job_type)

    def close(self) -> None:
        """Close the idle connections."""
        self._breaker.close()
