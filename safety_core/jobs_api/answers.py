"""The forms of what the jobs API answers, with examples. Values only; never an argument or a result of a job."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - read when a form is made
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from pydantic.config import JsonDict

    from .failed_jobs import FailedJob
    from .retrying import Batch, Retried, Wish

_PLAN = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_FAILED: JsonDict = {
    "id": "abc123",
    "queue": "default",
    "created_at": "2026-02-07T12:00:00Z",
    "failed_at": "2026-02-07T12:00:05Z",
    "failure_type": "network_error",
    "is_retryable": True,
    "may": "retry",
    "why": "no connection was made, so nothing was sent",
}
_RETRIED: JsonDict = {
    "job_id": "abc123",
    "queue": "default",
    "failure_type": "network_error",
    "is_retryable": True,
    "decision": "allowed",
    "reason": "The attempt is counted and may run",
    "attempt": 1,
    "max_attempts": 3,
    "wait_s": 0.0,
    "placed": "queued",
}


class Problem(BaseModel):
    """Why a request was not done (RFC 9457)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "cooldown",
                    "status": 429,
                    "detail": "The cooldown is not over",
                    "wait_s": 41.2,
                }
            ]
        },
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class FailedJobItem(BaseModel):
    """A failed job."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FAILED]})

    id: str
    queue: str
    created_at: datetime | None
    failed_at: datetime | None
    failure_type: str
    is_retryable: bool = Field(description="Whether a retry may be planned without asking anybody.")
    may: str = Field(description="What may be done: retry, ask the venue first, never.")
    why: str

    @classmethod
    def of(cls, job: FailedJob) -> Self:
        """Return the form of a job."""
        return cls(
            id=job.id,
            queue=job.queue,
            created_at=job.created_at,
            failed_at=job.failed_at,
            failure_type=str(job.failure.failure_type),
            is_retryable=job.failure.should_retry,
            may=str(job.failure.choice),
            why=job.failure.why,
        )


class RetriedItem(BaseModel):
    """What became of one job."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RETRIED]})

    job_id: str
    queue: str
    failure_type: str
    is_retryable: bool
    decision: str = Field(description="allowed, or why not: cooldown, max_attempts, not_retryable, ...")
    reason: str
    attempt: int = Field(description="Number of the retry; where it is refused, the retries so far.")
    max_attempts: int
    wait_s: float = Field(description="Seconds until it would be allowed; 0 where time does not help.")
    placed: str | None = Field(description="Where the job is now: queued, scheduled, ...; null: it was not moved.")

    @classmethod
    def of(cls, one: Retried) -> Self:
        """Return the form of what became of a job."""
        return cls(
            job_id=one.job.id,
            queue=one.job.queue,
            failure_type=str(one.job.failure.failure_type),
            is_retryable=one.job.failure.should_retry,
            decision=str(one.answer.decision),
            reason=one.answer.reason,
            attempt=one.answer.attempt,
            max_attempts=one.answer.max_attempts,
            wait_s=one.answer.wait_s,
            placed=None if one.placed is None else str(one.placed),
        )


class RetryOne(RetriedItem):
    """The answer to a retry of one job."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_RETRIED, "dry_run": False, "plan": _PLAN}]})

    dry_run: bool
    plan: str = Field(description="Hash of what is done; give it to the execution, which then does this or nothing.")

    @classmethod
    def answered(cls, one: Retried, wish: Wish, plan: str) -> Self:
        """Return the form of the answer."""
        return cls(**RetriedItem.of(one).model_dump(), dry_run=wish.dry_run, plan=plan)


class RetryAll(BaseModel):
    """The answer to a retry of many jobs."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dry_run": True,
                    "plan": _PLAN,
                    "total": 1,
                    "retried": 0,
                    "refused": 0,
                    "left": 0,
                    "wait_s": 0.0,
                    "items": [{**_RETRIED, "placed": None}],
                }
            ]
        }
    )

    dry_run: bool
    plan: str
    total: int = Field(description="Failed jobs at all.")
    retried: int = Field(description="Jobs that are back in their queues.")
    refused: int = Field(description="Jobs that the policy does not let be retried now.")
    left: int = Field(description="Jobs that the rate limit left for later.")
    wait_s: float = Field(description="Seconds after which the next of them may be retried.")
    items: list[RetriedItem]

    @classmethod
    def answered(cls, batch: Batch, wish: Wish, total: int) -> Self:
        """Return the form of the answer."""
        return cls(
            dry_run=wish.dry_run,
            plan=batch.plan,
            total=total,
            retried=sum(1 for one in batch.retried if one.placed is not None and one.placed.is_back),
            refused=sum(1 for one in batch.retried if not one.answer.allowed),
            left=len(batch.left),
            wait_s=batch.wait_s,
            items=[RetriedItem.of(one) for one in batch.retried],
        )


class QueueStats(BaseModel):
    """How many jobs are where."""

    name: str
    queued: int
    started: int
    failed: int
    scheduled: int
    deferred: int
    finished: int


class RetryStats(BaseModel):
    """What was decided in the last 24 hours, by the audit."""

    allowed: int
    refused: int
    forced: int
    dry_runs: int
    by_failure_type: dict[str, int]


class Stats(BaseModel):
    """Queues and retries."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "queues": [
                        {
                            "name": "default",
                            "queued": 3,
                            "started": 1,
                            "failed": 2,
                            "scheduled": 0,
                            "deferred": 0,
                            "finished": 40,
                        }
                    ],
                    "retries": {
                        "allowed": 5,
                        "refused": 2,
                        "forced": 0,
                        "dry_runs": 7,
                        "by_failure_type": {"network_error": 7},
                    },
                }
            ]
        }
    )

    queues: list[QueueStats]
    retries: RetryStats


class AuditAnswer(BaseModel):
    """Records of the audit, the newest last."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "records": [
                        {
                            "job_id": "abc123",
                            "timestamp": "2026-02-07T12:01:00Z",
                            "user_or_system": "alice",
                            "retry_reason": "retry",
                            "failure_type": "network_error",
                        }
                    ]
                }
            ]
        }
    )

    records: list[dict[str, Any]]
