"""The core's retry policy, behind the contract that every guard has.

It lets a job be tried or refuses it, and never looks whether an effect was done before. Like the reference guard's
adapter, it translates words and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.subjects.contract import LONGEST_COOLDOWN_LEASES
from harness.subjects.reference_guard import settings
from harness.subjects.retry_words import CooldownError, ExhaustedError, RefusedError, UnrecordedError
from safety_core.idempotency import StoreError
from safety_core.job_safety.retry_policy import RetryDecision, RetryPolicy, RetrySettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, RetryLimits

_FIRST_OF_POLICY = 0.5
"""The core's cooldown before the first retry, in leases: it doubles with each try that was counted, the first too."""
_REFUSALS: dict[RetryDecision, type[Exception]] = {
    RetryDecision.COOLDOWN: CooldownError,
    RetryDecision.MAX_ATTEMPTS: ExhaustedError,
}


class RetryPolicyGuard:
    """The policy as a guard: each call is one try of a job."""

    def __init__(self, redis_url: str, lease_s: float, limits: RetryLimits) -> None:
        """Make the guard; nothing is sent before the first call."""
        asked = RetrySettings(
            max_attempts=limits.attempts,
            cooldown_seconds=lease_s * _FIRST_OF_POLICY,
            max_cooldown_seconds=lease_s * LONGEST_COOLDOWN_LEASES,
        )
        self._policy = RetryPolicy(redis_url, settings=asked, guard=settings(lease_s))

    def __call__(self, key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        """Try the job if the policy lets it, and return the receipt.

        Raises:
            CooldownError, ExhaustedError: It may not be tried now, or any more.
            RefusedError: The try could not be counted.
            UnrecordedError: The job was tried, and Redis may not know how that ended.
        """
        answer = self._policy.acquire(key)
        if not answer.allowed:
            raise _REFUSALS.get(answer.decision, RefusedError)(answer.reason)
        try:
            receipt = effect(payload)
        except Exception as error:
            try:
                self._policy.record_failure(key)
            except StoreError:
                raise UnrecordedError(key) from error
            raise
        try:
            self._policy.record_success(key)
        except StoreError as error:
            raise UnrecordedError(key) from error
        return receipt

    def close(self) -> None:
        """Close the idle connections."""
        self._policy.close()
