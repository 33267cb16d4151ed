"""The page of the metrics, rules and forbidden labels, made from the data of the core. Counts nothing by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safety_core.job_safety.alerts.severities import SEVERITIES
from safety_core.metrics.catalogue import CATALOGUE, RETRY_BUCKETS
from safety_core.metrics.forbidden import (
    FORBIDDEN_NAME_PATTERNS,
    FORBIDDEN_NAMES,
    FORBIDDEN_VALUE_PATTERNS,
    MAX_VALUE_CHARACTERS,
)
from safety_core.metrics.guard import DEFAULT_MAX_SERIES, DEFAULT_MAX_VALUES
from safety_core.metrics.rendering import alert_rules_yaml, dashboard_json, recording_rules_yaml
from safety_core.metrics.rules import ALERT_RULES, RECORDING_RULES
from stormproof.markdown import NOTE, joined, table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["alert_rules_yaml", "dashboard_json", "metrics_page", "recording_rules_yaml"]

_ABOUT = """\
The core exports these metrics through prometheus_client (extra `metrics`), in a registry of its own:

```python
from safety_core.job_safety.retry_metrics import RetryMetrics

metrics = RetryMetrics()
metrics.retry_begun("place_order", "timeout", attempt=2, limit=3)
text = metrics.exposition()
```

The files for Prometheus and Grafana are [recording_rules.yaml](prometheus/recording_rules.yaml),
[alert_rules.yaml](prometheus/alert_rules.yaml) and [dashboard.json](prometheus/dashboard.json)."""

_PROCESSES = """\
Several processes behind one port: set `PROMETHEUS_MULTIPROC_DIR` to an empty folder before Python starts, and serve
`exposition()` from one of them; it then holds the counts of all. Gauges show what was set last by any process. Call
`prometheus_client.multiprocess.mark_process_dead(pid)` when a worker has gone."""

_RECORDED = """\
A rate of one process says nothing about all of them, so rates are recorded by Prometheus from the counters."""

_LIMITS = f"""\
`MetricsCardinalityGuard` stands in front of registration and of `labels()`. In strict mode a forbidden name or value
raises `CardinalityError`; in warning mode it is logged, counted and recorded. In both modes a metric has
{DEFAULT_MAX_SERIES} series at most and a label {DEFAULT_MAX_VALUES} values at most, unless told otherwise; what is
new beyond goes to the series whose labels are all `overflow`. The caps hold for one process: N processes export N
times as much at most. A value has {MAX_VALUE_CHARACTERS} characters at most."""


def metrics_page(_root: Path) -> str:
    """Return the page."""
    edges = ", ".join(f"{edge:g}" for edge in RETRY_BUCKETS)
    exported = [
        (f"`{spec.exported}`", str(spec.kind), ", ".join(f"`{label}`" for label in spec.labels), spec.meaning)
        for spec in CATALOGUE
    ]
    recorded = [(f"`{rule.record}`", f"`{rule.expr}`", rule.expected) for rule in RECORDING_RULES]
    alerts = [
        (f"`{rule.alert}`", rule.severity, "yes" if rule.pages else "", f"`{rule.expr}`", rule.wait)
        for rule in ALERT_RULES
    ]
    names = [(f"`{name}`", why) for name, why in FORBIDDEN_NAMES.items()]
    patterns = [(f"`{pattern}`", why) for pattern, why in FORBIDDEN_NAME_PATTERNS.items()]
    values = [(f"`{pattern}`", what) for pattern, what in FORBIDDEN_VALUE_PATTERNS.items()]
    return joined(
        [
            "# Metrics",
            NOTE,
            _ABOUT,
            table(("metric", "kind", "labels", "meaning"), exported),
            f"The buckets of `retry_attempt_number` end at {edges} and +Inf, edges included.",
            _PROCESSES,
            "## Recorded",
            _RECORDED,
            table(("name", "query", "normal"), recorded),
            "## Alerts",
            "What is counted once must not be missed: those rules see the very first count of a series too.",
            table(("alert", "severity", "pages", "fires when", "for"), alerts),
            "Severities of the alerts that a process tells by its hooks:",
            table(("kind", "severity"), [(f"`{kind}`", str(severity)) for kind, severity in SEVERITIES.items()]),
            "## Forbidden labels",
            _LIMITS,
            f"{len(FORBIDDEN_NAMES)} names as they stand, in any case:",
            table(("name", "why"), names),
            f"{len(FORBIDDEN_NAME_PATTERNS)} patterns for names:",
            table(("pattern", "why"), patterns),
            f"{len(FORBIDDEN_VALUE_PATTERNS)} patterns for values:",
            table(("pattern", "looks like"), values),
        ]
    )
