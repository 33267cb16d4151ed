"""What we use of prometheus_client, which the extra `metrics` brings; nothing else meets it.

Several processes behind one port: set PROMETHEUS_MULTIPROC_DIR to an empty folder before Python starts, and serve
`exposition(registry)`; call `prometheus_client.multiprocess.mark_process_dead(pid)` when a worker has gone.
"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .errors import MetricsError

if TYPE_CHECKING:
    from safety_core.runtime_checks.metrics import SafetyMetric


class MetricKind(StrEnum):
    """Kind of a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


def _client() -> Any:
    try:
        import prometheus_client  # noqa: PLC0415 - the core works without it
    except ImportError:
        raise MetricsError("metrics need prometheus_client; install the extra `metrics`") from None
    return prometheus_client


def new_registry() -> Any:
    """Return an empty registry, apart from the process-wide one of prometheus_client.

    Raises:
        MetricsError: prometheus_client is missing.
    """
    return _client().CollectorRegistry()


def make_metric(
    kind: MetricKind, name: str, documentation: str, labels: tuple[str, ...], *, registry: Any, **options: Any
) -> Any:
    """Make and register a metric.

    Raises:
        MetricsError: prometheus_client refuses the name, the labels or an option.
    """
    client = _client()
    makers = {
        MetricKind.COUNTER: client.Counter,
        MetricKind.GAUGE: client.Gauge,
        MetricKind.HISTOGRAM: client.Histogram,
    }
    try:
        return makers[kind](name, documentation, labels, registry=registry, **options)
    except ValueError as error:
        raise MetricsError(f"the {kind} {name} cannot be made: {error}") from error


def safety_metric(registry: Any) -> SafetyMetric:
    """Return the gauge of the runtime checks of Redis.

    Raises:
        MetricsError: The registry has it already: one registry takes one set of metrics.
    """
    from safety_core.runtime_checks.metrics import SafetyMetric  # noqa: PLC0415 - as above

    try:
        return SafetyMetric(registry)
    except ValueError as error:
        raise MetricsError(f"the registry has its metrics; expected one RetryMetrics for each: {error}") from error


def exposition(registry: Any) -> bytes:
    """Return the registry in Prometheus's text format; in multiprocess mode that of all processes together.

    Raises:
        MetricsError: prometheus_client is missing.
    """
    client = _client()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess  # noqa: PLC0415 - as above

        registry = client.CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    text: bytes = client.generate_latest(registry)
    return text
