"""What the blocking and the asyncio policy do alike around the question: check it, judge the failure, log the answer.

Nothing here talks to a store, and nothing that fails while an answer is passed on changes it.
"""

from __future__ import annotations

import logging
from math import ceil
from typing import TYPE_CHECKING, Any

from safety_core.idempotency.errors import StoreUnsafeError
from safety_core.idempotency.store_protocol import usable
from safety_core.job_safety.errors import OverrideError, PolicyError
from safety_core.job_safety.failure_classifier.verdicts import FailureVerdict, RetryChoice
from safety_core.job_safety.jobs import job_id_of, own_limit_of

from .answers import Override, RetryAnswer, RetryDecision
from .protocol import Asked, milliseconds, token_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from .protocol import PolicyTerms
    from .settings import RetrySettings

logger = logging.getLogger("safety_core.job_safety")
logger.addHandler(logging.NullHandler())

_MAX_RETRIES = 1_000_000
_LATEST_MS = 2**52


def question(
    job: Any,
    *,
    failed_at: datetime | float | None,
    max_attempts: int | None,
    dry_run: bool,
    force: Override | None,
    token: str | None,
    said: tuple[object, ...],
) -> Asked:
    """Check what the caller asks; `said` is what an audit will be told of it.

    Raises:
        JobError, PolicyError, OverrideError: The caller's mistake.
    """
    if force is not None and not isinstance(force, Override):
        raise OverrideError(f"force is {force!r:.80}; expected an Override, which names actor and reason")
    if not all(isinstance(text, str) and text.strip() for text in said):
        raise PolicyError(f"actor and reason are {said!r:.80}; expected texts that are not empty")
    return Asked(
        job_id=job_id_of(job),
        failed_at_ms=milliseconds(failed_at),
        own_limit=own_limit_of(job) if max_attempts is None else checked_limit(max_attempts),
        counts=not dry_run,
        forced=force is not None,
        token=token_of(token),
    )


def checked_limit(limit: Any) -> int:
    """Return a limit.

    Raises:
        PolicyError: It is no whole number from 0 to a million.
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= _MAX_RETRIES:
        raise PolicyError(f"max_attempts is {limit!r:.80}; expected a whole number from 0 to {_MAX_RETRIES}")
    return limit


def refused_by_failure(
    asked: Asked, failure: FailureVerdict | None, settings: RetrySettings, *, only_retryable: bool
) -> RetryAnswer | None:
    """Return the refusal that a failure of its kind amounts to, or None.

    What is not known to have failed is refused whoever forces it: only the venue can say whether a retry is one.
    """
    if failure is None:
        return None
    decision = None
    if failure.choice is RetryChoice.ASK_FIRST:
        decision = RetryDecision.OUTCOME_UNKNOWN
    elif failure.choice is RetryChoice.NEVER and only_retryable and not asked.forced:
        decision = RetryDecision.NOT_RETRYABLE
    if decision is None:
        return None
    return RetryAnswer(
        job_id=asked.job_id,
        decision=decision,
        max_attempts=settings.max_attempts if asked.own_limit is None else asked.own_limit,
        dry_run=not asked.counts,
        reason=f"{decision.meaning}: {failure.failure_type}",
    )


def cooldown_of(terms: PolicyTerms, attempts: int, job: Any) -> float:
    """Return the wait before the next retry after `attempts` of them, in seconds; for None of any job, unjittered."""
    key = "" if job is None else terms.key(job_id_of(job))
    return terms.settings.cooldown_ms(attempts, key) / 1000


def waits_of(failure: FailureVerdict | None) -> tuple[int, int]:
    """Return the wait that a failure asks for, and the moment that it names, both in milliseconds; 0 for none."""
    if failure is None:
        return 0, 0
    wait_ms = ceil((failure.retry_after_s or 0.0) * 1000)
    return wait_ms, min(max(failure.not_before_ms or 0, 0), _LATEST_MS)


def noted(reply: Any, attempted: str) -> None:
    """Return if the store took note.

    Raises:
        StoreUnavailableError, StoreUnsafeError: It did not, or did not say so.
    """
    if type(reply) is str:
        raise StoreUnsafeError(f"could not {attempted}: {reply}")
    usable(reply, attempted)


def tell(answer: RetryAnswer, hook: Callable[[RetryAnswer], object] | None) -> RetryAnswer:
    """Log an answer and pass it on; return it."""
    level = logging.INFO if answer.allowed and not answer.forced else logging.WARNING
    if logger.isEnabledFor(level):
        logger.log(
            level,
            "retry policy decided %s for job %s",
            answer.decision,
            answer.job_id,
            extra={
                "retry_decision": str(answer.decision),
                "retry_job_id": answer.job_id,
                "retry_attempt": answer.attempt,
                "retry_max_attempts": answer.max_attempts,
                "retry_wait_s": answer.wait_s,
                "retry_forced": answer.forced,
                "retry_dry_run": answer.dry_run,
                "retry_reason": answer.reason,
                "retry_error_type": type(answer.error).__name__ if answer.error is not None else None,
            },
        )
    if hook is not None:
        try:
            hook(answer)
        except Exception:
            logger.exception("on_decision failed for job %s; the answer stands", answer.job_id)
    return answer
