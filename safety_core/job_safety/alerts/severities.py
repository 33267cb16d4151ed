"""How severe each kind of alert is: one table for alerts of the process and for the rules of Prometheus."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from .event import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

SEVERITIES: Mapping[str, Severity] = MappingProxyType(
    {
        "audit_write_failed": Severity.CRITICAL,
        "breaker_closed": Severity.INFO,
        "breaker_half_open": Severity.INFO,
        "breaker_opened": Severity.CRITICAL,
        "breaker_overridden": Severity.WARNING,
        "duplicate_blocked": Severity.INFO,
        "duplicate_executed": Severity.CRITICAL,
        "heartbeat": Severity.INFO,
        "idempotency_failure": Severity.CRITICAL,
        "metrics_cardinality_violation": Severity.WARNING,
        "non_retryable_failure": Severity.WARNING,
        "redis_connection_error": Severity.WARNING,
        "redis_safety_warning": Severity.WARNING,
        "retry_anomaly": Severity.WARNING,
        "retry_attempts_near_limit": Severity.WARNING,
        "retry_block_rate_high": Severity.WARNING,
        "retry_rate_high": Severity.WARNING,
        "retry_success_rate_low": Severity.WARNING,
        "retry_success_rate_very_low": Severity.CRITICAL,
        "undelivered_alert": Severity.WARNING,
        "watchdog": Severity.INFO,
    }
)
"""By kind."""
