"""Job safety: may a failed job be retried, when, and how it is kept from doing its effects twice.

The public surface. Composes its modules and holds no logic.
"""

from __future__ import annotations

from .errors import (
    FailureError,
    JobError,
    JobSafetyError,
    NoRunError,
    OverrideError,
    PolicyError,
    RunInDoubtError,
    RunRefusedError,
)
from .failure_classifier import (
    EffectClass,
    FailureClassifier,
    FailureClassifierV2,
    FailureType,
    FailureVerdict,
    Phase,
    RetryChoice,
)
from .jobs import job_idempotency_key
from .retry_guard import AsyncRetryGuard, RetryGuard, Run, RunAnswer, RunDecision, job_entity_id, skipped
from .retry_hardening_v2 import (
    RetryAlert,
    RetryAnomalyDetector,
    RetryHistogram,
    RetrySpikeDetector,
    RetryWindowTracker,
)
from .retry_policy import (
    AsyncRetryPolicy,
    Override,
    RetryAnswer,
    RetryDecision,
    RetryPolicy,
    RetrySettings,
)
from .side_effect_guard import AsyncSideEffectGuard, SideEffectGuard

__all__ = [
    "AsyncRetryGuard",
    "AsyncRetryPolicy",
    "AsyncSideEffectGuard",
    "EffectClass",
    "FailureClassifier",
    "FailureClassifierV2",
    "FailureError",
    "FailureType",
    "FailureVerdict",
    "JobError",
    "JobSafetyError",
    "NoRunError",
    "Override",
    "OverrideError",
    "Phase",
    "PolicyError",
    "RetryAlert",
    "RetryAnomalyDetector",
    "RetryAnswer",
    "RetryChoice",
    "RetryDecision",
    "RetryGuard",
    "RetryHistogram",
    "RetryPolicy",
    "RetrySettings",
    "RetrySpikeDetector",
    "RetryWindowTracker",
    "Run",
    "RunAnswer",
    "RunDecision",
    "RunInDoubtError",
    "RunRefusedError",
    "SideEffectGuard",
    "job_entity_id",
    "job_idempotency_key",
    "skipped",
]
