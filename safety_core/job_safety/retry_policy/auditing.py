"""What the policy asks of an audit, and what it tells one: each decision, and each override before and after the act.

The rule is "no audit, no act" for what lifts the policy. Never a payload or a result of a job.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Protocol

from safety_core.job_safety.errors import OverrideError

if TYPE_CHECKING:
    from safety_core.job_safety.failure_classifier.verdicts import FailureVerdict

    from .answers import Override, RetryAnswer

logger = logging.getLogger("safety_core.job_safety")
logger.addHandler(logging.NullHandler())

_LONGEST = 256


class AuditedAct(Protocol):
    """An act whose intent is written down."""

    def succeeded(self) -> None:
        """Write down that it was done."""

    def failed(self, error: BaseException | str) -> None:
        """Write down that it failed, or that nobody knows."""


class Audit(Protocol):
    """Where decisions are written down; a `RetryAudit` is one."""

    def begin(self, **columns: Any) -> AuditedAct:
        """Write the intent of an act down durably, or raise: then it must not be done."""

    def record(self, **columns: Any) -> object:
        """Write down a decision."""


def begun(audit: Audit | None, action: str, job_id: str, override: Override, **details: Any) -> AuditedAct:
    """Write down that the policy is about to be lifted; what this raises means that it was not.

    Raises:
        OverrideError: There is no audit.
    """
    if audit is None:
        raise OverrideError("the policy was given no audit, and without one nothing is lifted; pass audit=")
    return audit.begin(
        job_id=job_id[:_LONGEST],
        user_or_system=override.actor[:_LONGEST],
        retry_reason=override.reason[:_LONGEST],
        action=action,
        details=json.dumps({"job_id": job_id, "reason": override.reason, **details}),
    )


def ended(act: AuditedAct, answer: RetryAnswer) -> None:
    """Write down how a forced question ended."""
    if answer.allowed:
        act.succeeded()
    else:
        act.failed(str(answer.decision))


def written(
    audit: Audit | None, answer: RetryAnswer, *, actor: str, reason: str, failure: FailureVerdict | None
) -> None:
    """Write a decision down that was not forced. What fails is logged: the answer stands, and is counted already."""
    if audit is None:
        return
    try:
        audit.record(
            job_id=answer.job_id[:_LONGEST],
            user_or_system=actor[:_LONGEST],
            retry_reason=reason[:_LONGEST],
            action="retry",
            attempt_number=answer.attempt,
            failure_type=str(failure.failure_type) if failure is not None else "",
            dry_run_flag=answer.dry_run,
            block_reason="" if answer.allowed else str(answer.decision),
        )
    except Exception:
        logger.exception("the audit could not take down a decision about job %s; the answer stands", answer.job_id)
