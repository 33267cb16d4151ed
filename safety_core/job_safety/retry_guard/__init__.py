"""Lets a job run once per idempotency key. Composes its modules and holds no logic."""

from __future__ import annotations

from .async_guard import AsyncRetryGuard
from .guard import RetryGuard
from .protocol import job_entity_id
from .runs import Run, RunAnswer, RunDecision, skipped

__all__ = [
    "AsyncRetryGuard",
    "RetryGuard",
    "Run",
    "RunAnswer",
    "RunDecision",
    "job_entity_id",
    "skipped",
]
