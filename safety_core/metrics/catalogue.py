"""Every metric that the core exports, as data. Names, kinds and labels stand here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from .prometheus_parts import MetricKind

RETRY_BUCKETS = (1.0, 2.0, 3.0, 5.0, 8.0, 13.0)
"""Upper edges of the attempt histogram, inclusive; with +Inf that makes seven buckets."""


@final
@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric.

    Attributes:
        name: Its name; a counter is exported with `_total` behind it.
        kind: Its kind.
        meaning: One sentence.
        labels: Its labels.
    """

    name: str
    kind: MetricKind
    meaning: str
    labels: tuple[str, ...] = ()

    @property
    def exported(self) -> str:
        """The name by which a query asks."""
        return f"{self.name}_total" if self.kind is MetricKind.COUNTER else self.name


def _counter(name: str, meaning: str, *labels: str) -> MetricSpec:
    return MetricSpec(name, MetricKind.COUNTER, meaning, labels)


CATALOGUE: tuple[MetricSpec, ...] = (
    _counter("job_runs", "Runs of jobs that ended.", "job_type", "result"),
    _counter("job_failures", "Runs that failed, by what failed.", "job_type", "failure_type", "retryable"),
    _counter("retry_attempts", "Retries that were begun.", "job_type", "failure_type"),
    _counter("retry_results", "Retries that ended.", "job_type", "result"),
    _counter("retry_blocked", "Retries that were refused, by reason.", "job_type", "reason"),
    MetricSpec("retry_attempt_number", MetricKind.HISTOGRAM, "Which attempt each retry was.", ("job_type",)),
    MetricSpec(
        "retry_limit_used", MetricKind.GAUGE,
        "Share of its limit that the last retry used, 0 to 1.", ("job_type",),
    ),
    _counter("retry_anomaly_detected", "Anomalies and spikes that the detectors told.", "kind"),
    MetricSpec(
        "circuit_breaker_state", MetricKind.GAUGE,
        "1 for the state that a breaker is in, as this process saw it last, 0 for the others.",
        ("scope", "name", "state"),
    ),
    _counter("circuit_breaker_opened", "Times that a breaker opened.", "scope", "name"),
    _counter("circuit_breaker_transitions", "Changes of a breaker's state.", "scope", "name", "before", "after"),
    _counter("circuit_breaker_refused", "Calls that a breaker refused.", "scope", "job_type", "reason"),
    _counter("idempotency_decisions", "Answers of the side-effect guard.", "effect_type", "outcome"),
    _counter("side_effect_duplicates_blocked", "Second calls that ran nothing: wanted.", "effect_type"),
    _counter(
        "side_effect_duplicates", "Effects that happened twice, as a reconciler found: never wanted.", "effect_type"
    ),
    _counter("idempotency_failures", "Effects that are done and not recorded, or lost their claim.", "effect_type"),
    _counter("metrics_cardinality_violation", "Labels that the cardinality guard objected to.", "metric", "kind"),
    MetricSpec(
        "redis_safety_warning", MetricKind.GAUGE,
        "1 where a runtime check of Redis is not OK, else 0.", ("store", "check", "level"),
    ),
    _counter("redis_connection_errors", "Connections to Redis that failed.", "part"),
    _counter("audit_write_failures", "Audit records that could not be written."),
    _counter("alerts_sent", "Alerts that were told.", "kind", "severity"),
    _counter("alerts_suppressed", "Alerts that the cooldown held back.", "kind", "severity"),
    _counter("alerts_undelivered", "Webhooks that were reported undelivered.", "kind"),
)  # fmt: skip
"""In the order in which the documents list them."""

BY_NAME = {spec.name: spec for spec in CATALOGUE}
"""By name."""
