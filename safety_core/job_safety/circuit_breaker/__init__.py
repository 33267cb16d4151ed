"""Stop calling what fails: a breaker whose state all processes share. The public surface; holds no logic."""

from __future__ import annotations

from safety_core.job_safety.alerts import AlertEvent, AlertHooks, Severity

from .async_breaker import AsyncCircuitBreaker
from .breaker import CircuitBreaker
from .errors import BreakerNameError, CircuitOpenError, OverrideError, PermitError
from .judging import judge_error
from .settings import BreakerSettings, ScopeLimits, WithoutRedis
from .states import BreakerReport, BreakerState, CallOutcome, Override, Permit, Recorded, Scope, Transition

__all__ = [
    "AlertEvent",
    "AlertHooks",
    "AsyncCircuitBreaker",
    "BreakerNameError",
    "BreakerReport",
    "BreakerSettings",
    "BreakerState",
    "CallOutcome",
    "CircuitBreaker",
    "CircuitOpenError",
    "Override",
    "OverrideError",
    "Permit",
    "PermitError",
    "Recorded",
    "Scope",
    "ScopeLimits",
    "Severity",
    "Transition",
    "WithoutRedis",
    "judge_error",
]
