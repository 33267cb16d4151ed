"""What the jobs API needs of an audit, and what it tells one itself: each job that is put back, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from safety_core.job_safety.retry_policy.auditing import Audit, AuditedAct

if TYPE_CHECKING:
    from datetime import datetime

    from safety_core.job_safety import RetryAnswer

    from .failed_jobs import FailedJob
    from .moving import Placed


class ReadableAudit(Audit, Protocol):
    """An audit that can be read as well; a `RetryAudit` is one."""

    def query(
        self,
        job_id: str | None = None,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> list[Any]:
        """Return records in the order of their time, the newest where `limit` cuts; each has `as_row()`."""


def putting_back(audit: Audit, job: FailedJob, answer: RetryAnswer, *, actor: str, reason: str) -> AuditedAct:
    """Write down that a job is about to be put back into its queue."""
    return audit.begin(
        job_id=job.id[:256],
        user_or_system=actor,
        retry_reason=reason,
        action="retry",
        attempt_number=answer.attempt,
        failure_type=str(job.failure.failure_type),
    )


def was_put_back(act: AuditedAct, placed: Placed) -> None:
    """Write down what became of it."""
    if placed.is_back:
        act.succeeded()
    else:
        act.failed(str(placed))
