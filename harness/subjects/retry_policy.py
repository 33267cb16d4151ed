"""The subject ``retry_policy``: how often, and how soon, the safety core lets a job be tried again."""

from __future__ import annotations

from harness.subjects.contract import RetryLimits, declare
from harness.subjects.reference_guard import prepare
from harness.subjects.retry_policy_guard import RetryPolicyGuard
from harness.subjects.retry_words import LIMITS, classify

_USUAL = RetryLimits(attempts=4)
_SHORT = RetryLimits(attempts=2)


@declare(promise="retry_policy", classify=classify, prepare=prepare, outside=LIMITS, retries={"attempts": 4})
def make(redis_url: str, lease_s: float) -> RetryPolicyGuard:
    """Return the policy that allows four tries, so that the longest cooldown is reached."""
    return RetryPolicyGuard(redis_url, lease_s, _USUAL)


@declare(promise="retry_policy", classify=classify, prepare=prepare, outside=LIMITS, retries={"attempts": 2})
def make_short(redis_url: str, lease_s: float) -> RetryPolicyGuard:
    """Return the policy that allows two tries."""
    return RetryPolicyGuard(redis_url, lease_s, _SHORT)
