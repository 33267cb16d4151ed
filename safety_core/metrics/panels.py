"""The panels of the Grafana dashboard, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        title: What it shows.
        expr: Its query.
        unit: Grafana's name of the unit.
        legend: What a line is called.
    """

    title: str
    expr: str
    unit: str = "short"
    legend: str = ""


PANELS: tuple[Panel, ...] = (
    Panel("Breaker state", "max by (scope, name, state) (circuit_breaker_state) == 1", "short", "{{name}} {{state}}"),
    Panel("Breakers opened", "circuit_breaker_opened", "short", "{{scope}} {{name}}"),
    Panel("Breaker transitions", "circuit_breaker_transitions", "short", "{{name}} {{before}} to {{after}}"),
    Panel("Calls refused by breakers", "sum by (job_type, reason) (rate(circuit_breaker_refused_total[5m]))", "ops"),
    Panel("Retries per minute", "retry_rate_per_minute", "short", "{{job_type}}"),
    Panel("Retry success rate", "retry_success_rate", "percentunit", "{{job_type}}"),
    Panel("Retry block rate", "retry_block_rate", "percentunit", "{{job_type}}"),
    Panel("Retries refused, by reason", "sum by (reason) (rate(retry_blocked_total[5m]))", "ops", "{{reason}}"),
    Panel("Blocked by cooldown, last hour", "retry_cooldown_blocks", "short", "{{job_type}}"),
    Panel("At the retry limit, last hour", "retry_max_attempts_hit", "short", "{{job_type}}"),
    Panel(
        "Attempts, 90th percentile",
        "histogram_quantile(0.9, sum by (le, job_type) (rate(retry_attempt_number_bucket[1h])))",
        "short",
        "{{job_type}}",
    ),
    Panel("Job failure ratio", "job_failure_ratio", "percentunit", "{{job_type}}"),
    Panel("Non-retryable ratio", "non_retryable_ratio", "percentunit", "{{job_type}}"),
    Panel("Anomalies, last hour", "retry_anomaly_detected"),
    Panel("Duplicate skips", "idempotency_hit_rate", "percentunit"),
    Panel("Duplicates that happened, last hour", "side_effect_duplicates"),
    Panel("Redis checks that are not OK", "max by (check, level) (redis_safety_warning) > 0", "short", "{{check}}"),
    Panel("Redis connection errors", "sum by (part) (rate(redis_connection_errors_total[5m]))", "ops", "{{part}}"),
    Panel("Audit write failures", "sum(increase(audit_write_failures_total[1h]))"),
    Panel("Label violations", "metrics_cardinality_violation", "short", "{{metric}} {{kind}}"),
    Panel("Alerts told", "sum by (kind, severity) (increase(alerts_sent_total[1h]))", "short", "{{kind}}"),
    Panel("Alerts held back", "sum by (kind) (increase(alerts_suppressed_total[1h]))", "short", "{{kind}}"),
    Panel("Alerts undelivered", "sum by (kind) (increase(alerts_undelivered_total[1h]))", "short", "{{kind}}"),
)
"""From the top left on."""
