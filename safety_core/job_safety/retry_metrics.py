"""The metrics of retries, breakers, guards, audit and alerts: one method for each thing that happens.

Everything is split by job type or effect type, and goes through the cardinality guard. In warning mode nothing here
raises for a label; in strict mode a forbidden value does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safety_core.idempotency.outcomes import Outcome
from safety_core.metrics.catalogue import CATALOGUE, RETRY_BUCKETS
from safety_core.metrics.guard import GuardMode, MetricsCardinalityGuard
from safety_core.metrics.prometheus_parts import MetricKind, exposition, safety_metric

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.idempotency import GuardResult
    from safety_core.metrics.guarded_metric import GuardedMetric
    from safety_core.runtime_checks import SafetyReport

_STATES = ("CLOSED", "OPEN", "HALF_OPEN")
_BLOCKED = frozenset({Outcome.REPLAYED, Outcome.IN_PROGRESS})
_FAILED = frozenset({Outcome.EXECUTED_UNRECORDED, Outcome.EXECUTED_FENCED, Outcome.EFFECT_UNCERTAIN})
_VIOLATION = "metrics_cardinality_violation"


class RetryMetrics:
    """The metrics of one process. Safe for threads.

    Attributes:
        guard: The cardinality guard behind which they are made.
    """

    def __init__(self, guard: MetricsCardinalityGuard | None = None) -> None:
        """Make and register every metric of the catalogue.

        Args:
            guard: The cardinality guard; None makes one in warning mode, with a registry of its own.

        Raises:
            MetricsError: prometheus_client is missing, or a name is taken.
        """
        self.guard = guard if guard is not None else MetricsCardinalityGuard(GuardMode.WARNING)
        makers = {
            MetricKind.COUNTER: self.guard.counter,
            MetricKind.GAUGE: lambda *words: self.guard.gauge(*words, multiprocess_mode="mostrecent"),
            MetricKind.HISTOGRAM: lambda *words: self.guard.histogram(*words, buckets=RETRY_BUCKETS),
        }
        self._made: dict[str, GuardedMetric] = {
            spec.name: makers[spec.kind](spec.name, spec.meaning, spec.labels)
            for spec in CATALOGUE
            if spec.name != "redis_safety_warning"
        }
        self._safety = safety_metric(self.guard.registry)
        self.guard.listen(self.cardinality_violated)

    def exposition(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return exposition(self.guard.registry)

    def job_ended(self, job_type: str, *, success: bool) -> None:
        """A run of a job ended, a first one or a retry."""
        self._count("job_runs", job_type=job_type, result=_result(success=success))

    def job_failed(self, job_type: str, failure_type: str, *, retryable: bool) -> None:
        """A run failed and was classified."""
        word = "yes" if retryable else "no"
        self._count("job_failures", job_type=job_type, failure_type=failure_type, retryable=word)

    def retry_begun(self, job_type: str, failure_type: str, attempt: int, limit: int) -> None:
        """A retry was let through: which attempt it is, of how many."""
        self._count("retry_attempts", job_type=job_type, failure_type=failure_type)
        self._made["retry_attempt_number"].labels(job_type=job_type).observe(attempt)
        self._made["retry_limit_used"].labels(job_type=job_type).set(attempt / limit if limit else 1.0)

    def retry_ended(self, job_type: str, *, success: bool) -> None:
        """A retry ended."""
        self._count("retry_results", job_type=job_type, result=_result(success=success))

    def retry_blocked(self, job_type: str, reason: str) -> None:
        """A retry was refused: `cooldown`, `max_attempts`, `non_retryable`, `guard`, `breaker` or another reason."""
        self._count("retry_blocked", job_type=job_type, reason=reason)

    def anomaly_detected(self, kind: str) -> None:
        """A detector told an anomaly or a spike."""
        self._count("retry_anomaly_detected", kind=kind)

    def breaker_moved(self, scope: str, name: str, before: str, after: str) -> None:
        """A breaker changed its state."""
        self._count("circuit_breaker_transitions", scope=scope, name=name, before=before, after=after)
        if after == "OPEN" and before != after:
            self._count("circuit_breaker_opened", scope=scope, name=name)
        self.breaker_is(scope, name, after)

    def breaker_is(self, scope: str, name: str, state: str) -> None:
        """A breaker is in a state."""
        for each in _STATES:
            series = self._made["circuit_breaker_state"].labels(scope=scope, name=name, state=each)
            series.set(1 if each == state else 0)

    def breaker_refused(self, scope: str, job_type: str, reason: str) -> None:
        """A breaker refused a call."""
        self._count("circuit_breaker_refused", scope=scope, job_type=job_type, reason=reason)

    def guard_decided(self, answer: GuardResult) -> None:
        """The side-effect guard answered: give it as `on_decision=`."""
        kind = str(answer.effect_type)
        self._count("idempotency_decisions", effect_type=kind, outcome=str(answer.outcome))
        if answer.outcome in _BLOCKED:
            self._count("side_effect_duplicates_blocked", effect_type=kind)
        if answer.outcome in _FAILED:
            self._count("idempotency_failures", effect_type=kind)
        if answer.outcome is Outcome.REFUSED_STORE_UNAVAILABLE:
            self.redis_failed("idempotency")

    def duplicate_executed(self, effect_type: str) -> None:
        """A reconciler found an effect that happened twice."""
        self._count("side_effect_duplicates", effect_type=effect_type)

    def cardinality_violated(self, metric: str, kind: str) -> None:
        """The cardinality guard objected to a label of a metric; what concerns this very metric is not counted."""
        if metric != _VIOLATION:
            self._count(_VIOLATION, metric=metric, kind=kind)

    def redis_reports(self, store: str = "default") -> Callable[[SafetyReport], None]:
        """Return what a validator of Redis is given as `on_report=`; `store` names the server in the label."""
        return self._safety.of(store)

    def redis_failed(self, part: str) -> None:
        """A part of the core could not reach Redis."""
        self._count("redis_connection_errors", part=part)

    def audit_failed(self) -> None:
        """An audit record could not be written: give it as `on_failure=`."""
        self._made["audit_write_failures"].inc()

    def alert_sent(self, kind: str, severity: str) -> None:
        """An alert was told."""
        self._count("alerts_sent", kind=kind, severity=severity)

    def alert_suppressed(self, kind: str, severity: str) -> None:
        """The cooldown held an alert back."""
        self._count("alerts_suppressed", kind=kind, severity=severity)

    def alert_undelivered(self, report: Any) -> None:
        """A webhook was reported undelivered: give it as `on_undelivered=`."""
        self._count("alerts_undelivered", kind=report.event.kind)

    def _count(self, metric: str, /, **labels: str) -> None:
        self._made[metric].labels(**labels).inc()


def _result(*, success: bool) -> str:
    return "success" if success else "failure"
