"""The recording and alert rules of Prometheus, as data. Severities come from the one table of alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from safety_core.job_safety.alerts.severities import SEVERITIES


@final
@dataclass(frozen=True, slots=True)
class RecordingRule:
    """A name for a query.

    Attributes:
        record: The name.
        expr: The query.
        expected: What is normal.
    """

    record: str
    expr: str
    expected: str = ""


@final
@dataclass(frozen=True, slots=True)
class AlertRule:
    """When somebody must look.

    Attributes:
        alert: Name of the alert.
        kind: Its row in the table of severities.
        expr: The query that gives something when it fires.
        wait: For how long it must be so, as Prometheus writes it.
        summary: One sentence.
        pages: Whether it calls whoever is on call.
    """

    alert: str
    kind: str
    expr: str
    wait: str
    summary: str
    pages: bool = False

    @property
    def severity(self) -> str:
        """The severity."""
        return str(SEVERITIES[self.kind])


def _any(counter: str, window: str, by: str = "") -> str:
    """Return a query for what was counted in a window, the very first count included, which `increase` misses."""
    now = f"sum by ({by}) ({counter})" if by else f"sum({counter})"
    before = f"sum by ({by}) ({counter} offset {window})" if by else f"sum({counter} offset {window})"
    return f"{now} - ({before} or {now} * 0) > 0"


def _share(part: str, whole: str, by: str = "job_type") -> str:
    grouped = f" by ({by})" if by else ""
    return f"sum{grouped} ({part}) / sum{grouped} ({whole})"


RECORDING_RULES: tuple[RecordingRule, ...] = (
    RecordingRule(
        "idempotency_hit_rate",
        _share("rate(side_effect_duplicates_blocked_total[5m])", "rate(idempotency_decisions_total[5m])", ""),
        "below 5 %",
    ),
    RecordingRule("retry_anomaly_detected", "sum(increase(retry_anomaly_detected_total[1h]))", "10 an hour at most"),
    RecordingRule("circuit_breaker_opened", "sum by (scope, name) (increase(circuit_breaker_opened_total[5m]))", "0"),
    RecordingRule(
        "metrics_cardinality_violation",
        "sum by (metric, kind) (increase(metrics_cardinality_violation_total[5m]))",
        "0",
    ),
    RecordingRule("retry_rate_per_minute", "sum by (job_type) (rate(retry_attempts_total[5m])) * 60", "below 1"),
    RecordingRule(
        "retry_success_rate",
        _share('rate(retry_results_total{result="success"}[15m])', "rate(retry_results_total[15m])"),
        "above 80 %",
    ),
    RecordingRule(
        "retry_block_rate",
        "sum by (job_type) (rate(retry_blocked_total[15m])) / (sum by (job_type) (rate(retry_blocked_total[15m])) + "
        "(sum by (job_type) (rate(retry_attempts_total[15m])) or sum by (job_type) (rate(retry_blocked_total[15m])) "
        "* 0))",
        "below 5 %",
    ),
    RecordingRule("side_effect_duplicates", "sum(increase(side_effect_duplicates_total[1h]))", "0"),
    RecordingRule(
        "job_failure_ratio", _share('rate(job_runs_total{result="failure"}[15m])', "rate(job_runs_total[15m])")
    ),
    RecordingRule(
        "non_retryable_ratio",
        _share('rate(job_failures_total{retryable="no"}[15m])', "rate(job_failures_total[15m])"),
    ),
    RecordingRule(
        "retry_cooldown_blocks", 'sum by (job_type) (increase(retry_blocked_total{reason="cooldown"}[1h]))'
    ),
    RecordingRule(
        "retry_max_attempts_hit", 'sum by (job_type) (increase(retry_blocked_total{reason="max_attempts"}[1h]))'
    ),
    RecordingRule(
        "circuit_breaker_transitions",
        "sum by (scope, name, before, after) (increase(circuit_breaker_transitions_total[1h]))",
    ),
)
"""The names of the seeds, and what they mean; `circuit_breaker_state` and `redis_safety_warning` are exported so."""

_ENOUGH_RETRIES = "sum by (job_type) (increase(retry_results_total[15m])) >= 10"
_ENOUGH_FAILURES = "sum by (job_type) (increase(job_failures_total[15m])) >= 20"

ALERT_RULES: tuple[AlertRule, ...] = (
    AlertRule(
        "CircuitBreakerOpened", "breaker_opened", _any("circuit_breaker_opened_total", "5m", "scope, name"), "0s",
        "The breaker of {{ $labels.scope }} {{ $labels.name }} opened.", pages=True,
    ),
    AlertRule(
        "SideEffectDuplicate", "duplicate_executed", _any("side_effect_duplicates_total", "15m", "effect_type"), "0s",
        "An effect of type {{ $labels.effect_type }} happened twice.", pages=True,
    ),
    AlertRule(
        "IdempotencyFailure", "idempotency_failure", _any("idempotency_failures_total", "15m", "effect_type"), "0s",
        "Effects of type {{ $labels.effect_type }} are done and not recorded, or in doubt.", pages=True,
    ),
    AlertRule(
        "DuplicateSkipsFrequent", "duplicate_blocked", "idempotency_hit_rate > 0.05", "15m",
        "More than 5 % of the guarded calls were second calls.",
    ),
    AlertRule(
        "RetryAnomalies", "retry_anomaly", "retry_anomaly_detected > 10", "0s",
        "The detectors told more than 10 anomalies in an hour.",
    ),
    AlertRule(
        "RetryRateHigh", "retry_rate_high", "retry_rate_per_minute > 10", "5m",
        "{{ $labels.job_type }} is retried more than 10 times a minute.",
    ),
    AlertRule(
        "RetrySuccessRateLow", "retry_success_rate_low", f"retry_success_rate < 0.8 and {_ENOUGH_RETRIES}", "5m",
        "Less than 80 % of the retries of {{ $labels.job_type }} succeed.",
    ),
    AlertRule(
        "RetrySuccessRateVeryLow", "retry_success_rate_very_low",
        f"retry_success_rate < 0.5 and {_ENOUGH_RETRIES}", "5m",
        "Less than half of the retries of {{ $labels.job_type }} succeed.", pages=True,
    ),
    AlertRule(
        "RetryBlockRateHigh", "retry_block_rate_high", "retry_block_rate > 0.05", "15m",
        "More than 5 % of the retries of {{ $labels.job_type }} are refused.",
    ),
    AlertRule(
        "NonRetryableFailures", "non_retryable_failure", f"non_retryable_ratio > 0.05 and {_ENOUGH_FAILURES}", "5m",
        "More than 5 % of the failures of {{ $labels.job_type }} need somebody's hand.",
    ),
    AlertRule(
        "RetryAttemptsNearLimit", "retry_attempts_near_limit",
        "retry_limit_used > 0.5 and on (job_type) sum by (job_type) (increase(retry_attempts_total[1h])) >= 5", "10m",
        "A job of {{ $labels.job_type }} has used more than half of its retries.",
    ),
    AlertRule(
        "AuditWriteFailed", "audit_write_failed", _any("audit_write_failures_total", "15m"), "0s",
        "Audit records could not be written.", pages=True,
    ),
    AlertRule(
        "RedisConnectionErrors", "redis_connection_error", _any("redis_connection_errors_total", "5m", "part"), "0s",
        "{{ $labels.part }} could not reach Redis.",
    ),
    AlertRule(
        "RedisSafetyWarning", "redis_safety_warning", "max by (check, level) (redis_safety_warning) > 0", "0s",
        "The check {{ $labels.check }} of Redis is {{ $labels.level }}.",
    ),
    AlertRule(
        "MetricsCardinalityViolation", "metrics_cardinality_violation",
        _any("metrics_cardinality_violation_total", "15m", "metric, kind"), "0s",
        "The guard objected to labels of {{ $labels.metric }} ({{ $labels.kind }}).",
    ),
    AlertRule(
        "AlertUndelivered", "undelivered_alert", _any("alerts_undelivered_total", "15m", "kind"), "0s",
        "Webhooks of kind {{ $labels.kind }} could not be delivered.",
    ),
    AlertRule("Watchdog", "watchdog", "vector(1)", "0s", "Always fires: its silence is the alarm."),
)  # fmt: skip
"""Every alert."""
