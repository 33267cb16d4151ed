"""How often a failed job may be retried, and how soon. Composes its modules and holds no logic."""

from __future__ import annotations

from .answers import Override, RetryAnswer, RetryDecision
from .async_policy import AsyncRetryPolicy
from .auditing import Audit, AuditedAct
from .policy import RetryPolicy
from .settings import RetrySettings

__all__ = [
    "AsyncRetryPolicy",
    "Audit",
    "AuditedAct",
    "Override",
    "RetryAnswer",
    "RetryDecision",
    "RetryPolicy",
    "RetrySettings",
]
