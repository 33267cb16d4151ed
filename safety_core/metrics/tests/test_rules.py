"""Every query of the rules and the dashboard names an exported metric; promtool accepts the rules, and they fire."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from safety_core.idempotency import EffectType, Outcome
from safety_core.idempotency.answers import GuardResult
from safety_core.job_safety.alerts import SEVERITIES, AlertEvent, Severity, Undelivered
from safety_core.job_safety.circuit_breaker import BreakerState
from safety_core.job_safety.retry_metrics import RetryMetrics
from safety_core.metrics import CATALOGUE, MetricsCardinalityGuard, MetricsError
from safety_core.metrics.catalogue import RETRY_BUCKETS
from safety_core.metrics.panels import PANELS
from safety_core.metrics.rendering import alert_rules_yaml, dashboard_json, recording_rules_yaml
from safety_core.metrics.rules import ALERT_RULES, RECORDING_RULES
from safety_core.metrics.tests.promql import labels_of, metrics_of
from safety_core.runtime_checks import SafetyReport

FILES = Path(__file__).parents[3] / "docs" / "prometheus"


@pytest.fixture(scope="module")
def metrics() -> RetryMetrics:
    """Return metrics to which everything has happened once."""
    made = RetryMetrics(MetricsCardinalityGuard("strict"))
    made.job_ended("order", success=False)
    made.job_failed("order", "timeout", retryable=True)
    made.retry_begun("order", "timeout", 2, 3)
    made.retry_ended("order", success=True)
    made.retry_blocked("order", "cooldown")
    made.anomaly_detected("spike")
    made.breaker_moved("job_type", "order", "CLOSED", "OPEN")
    made.breaker_refused("job_type", "order", "failures")
    for outcome in Outcome:
        made.guard_decided(GuardResult(outcome, False, None, "k", "e", EffectType.ORDER))
    made.duplicate_executed("order")
    made.cardinality_violated("orders", "name")
    made.redis_reports()(SafetyReport(findings=()))
    made.redis_failed("breaker")
    made.audit_failed()
    made.alert_sent("breaker_opened", "Critical")
    made.alert_suppressed("breaker_opened", "Critical")
    event = AlertEvent(kind="breaker_opened", source="a", transition="b", severity=Severity.INFO, summary="c")
    made.alert_undelivered(Undelivered(event, 3, "HTTP 500"))
    return made


def exported(metrics: RetryMetrics) -> dict[str, set[str]]:
    """Return every exported series name with the labels that it carries."""
    found: dict[str, set[str]] = {}
    for line in metrics.exposition().decode().splitlines():
        if line.startswith("#"):
            continue
        name, _, rest = line.partition("{") if "{" in line else (line.split(" ")[0], "", "")
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', rest))
    return found


def known_names(metrics: RetryMetrics) -> set[str]:
    """Return what a query may ask for."""
    return exported(metrics).keys() | {rule.record for rule in RECORDING_RULES}


def test_everything_in_the_catalogue_is_exported_with_its_labels(metrics: RetryMetrics) -> None:
    """One method at least counts on each metric."""
    series = exported(metrics)
    for spec in CATALOGUE:
        name = f"{spec.name}_bucket" if spec.kind == "histogram" else spec.exported
        assert series[name] - {"le"} == set(spec.labels)


@pytest.mark.parametrize("rule", [*RECORDING_RULES, *ALERT_RULES, *PANELS], ids=str)
def test_query_names_exported_metrics_and_their_labels(metrics: RetryMetrics, rule: object) -> None:
    """A misspelt name would be an empty panel, or an alert that never fires."""
    query: str = rule.expr  # type: ignore[attr-defined]
    series = exported(metrics)
    asked = metrics_of(query)
    assert asked <= known_names(metrics)
    assert asked or query == "vector(1)"
    held = set().union(*(series.get(name, set()) for name in asked))
    if asked <= series.keys():
        assert labels_of(query) <= held


def test_names_of_the_seeds_can_be_asked_for(metrics: RetryMetrics) -> None:
    """The ten metrics that the seeds name."""
    assert known_names(metrics) >= {
        "idempotency_hit_rate", "retry_anomaly_detected", "circuit_breaker_opened", "metrics_cardinality_violation",
        "redis_safety_warning", "retry_rate_per_minute", "retry_success_rate", "retry_block_rate",
        "circuit_breaker_state", "side_effect_duplicates",
    }  # fmt: skip


def test_attempts_fall_into_seven_buckets(metrics: RetryMetrics) -> None:
    """Six edges and +Inf."""
    assert metrics.exposition().count(b"retry_attempt_number_bucket") == len(RETRY_BUCKETS) + 1 == 7


def test_state_of_a_breaker_is_one_of_three(metrics: RetryMetrics) -> None:
    """The series of the others are 0."""
    made = RetryMetrics()
    made.breaker_moved("job_type", "order", "CLOSED", "OPEN")
    made.breaker_moved("job_type", "order", "OPEN", "HALF_OPEN")
    lines = [line for line in made.exposition().decode().splitlines() if line.startswith("circuit_breaker_state{")]
    assert len(lines) == len(BreakerState)
    assert [line for line in lines if line.endswith(" 1.0")] == [
        'circuit_breaker_state{name="order",scope="job_type",state="HALF_OPEN"} 1.0'
    ]


def test_one_registry_takes_one_set_of_metrics() -> None:
    """A second set would count beside the first."""
    guard = MetricsCardinalityGuard("strict")
    RetryMetrics(guard)
    with pytest.raises(MetricsError, match="expected one RetryMetrics"):
        RetryMetrics(guard)


def test_violations_of_the_guard_are_counted_and_the_counter_does_not_chase_itself() -> None:
    """More violated metrics than the counter has room for end in its overflow series."""
    guard = MetricsCardinalityGuard("warning", max_values=3)
    made = RetryMetrics(guard)
    for number in range(6):
        guard.validate(f"metric{number}", {"order_id": "1"})
    text = made.exposition().decode()
    assert 'metrics_cardinality_violation_total{kind="name",metric="metric0"} 1.0' in text
    assert 'metrics_cardinality_violation_total{kind="overflow",metric="overflow"} 3.0' in text


def test_every_alert_has_a_severity_and_every_severity_an_alert() -> None:
    """The table is complete over the rules; what pages is Critical."""
    assert {rule.severity for rule in ALERT_RULES} == {str(each) for each in Severity}
    assert all(rule.kind in SEVERITIES for rule in ALERT_RULES)
    assert all((rule.severity == Severity.CRITICAL) == rule.pages for rule in ALERT_RULES)


def test_files_are_those_of_the_data() -> None:
    """What is shipped is what is tested."""
    assert (FILES / "recording_rules.yaml").read_text(encoding="utf-8") == recording_rules_yaml()
    assert (FILES / "alert_rules.yaml").read_text(encoding="utf-8") == alert_rules_yaml()
    assert (FILES / "dashboard.json").read_text(encoding="utf-8") == dashboard_json()
    assert len(json.loads(dashboard_json())["panels"]) == len(PANELS)


@pytest.fixture
def promtool() -> str:
    """Return Prometheus's own checker, or skip the test where there is none."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed; Debian has it in its package prometheus")
    return found


def test_promtool_accepts_the_rules(promtool: str) -> None:
    """Prometheus would load them."""
    files = [FILES / "recording_rules.yaml", FILES / "alert_rules.yaml"]
    done = subprocess.run([promtool, "check", "rules", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout


FIRES = {
    "CircuitBreakerOpened": {'circuit_breaker_opened_total{scope="job_type",name="order"}': "_x9 1"},
    "SideEffectDuplicate": {'side_effect_duplicates_total{effect_type="order"}': "_x9 1"},
    "AuditWriteFailed": {"audit_write_failures_total": "0x9 1"},
    "RedisConnectionErrors": {'redis_connection_errors_total{part="breaker"}': "_x9 1"},
    "MetricsCardinalityViolation": {'metrics_cardinality_violation_total{metric="m",kind="name"}': "_x9 1"},
    "RetryRateHigh": {'retry_attempts_total{job_type="order",failure_type="timeout"}': "0+12x60"},
    "RetrySuccessRateVeryLow": {
        'retry_results_total{job_type="order",result="success"}': "0+4x60",
        'retry_results_total{job_type="order",result="failure"}': "0+6x60",
    },
    "RetrySuccessRateLow": {
        'retry_results_total{job_type="order",result="success"}': "0+7x60",
        'retry_results_total{job_type="order",result="failure"}': "0+3x60",
    },
    "RetryBlockRateHigh": {
        'retry_blocked_total{job_type="order",reason="cooldown"}': "0+1x60",
        'retry_attempts_total{job_type="order",failure_type="timeout"}': "0+9x60",
    },
    "NonRetryableFailures": {
        'job_failures_total{job_type="order",failure_type="logic_error",retryable="no"}': "0+1x60",
        'job_failures_total{job_type="order",failure_type="timeout",retryable="yes"}': "0+9x60",
    },
    "RetryAnomalies": {'retry_anomaly_detected_total{kind="spike"}': "0+1x60"},
    "RetryAttemptsNearLimit": {
        'retry_limit_used{job_type="order"}': "0.67x60",
        'retry_attempts_total{job_type="order",failure_type="timeout"}': "0+1x60",
    },
    "IdempotencyFailure": {'idempotency_failures_total{effect_type="order"}': "_x9 1"},
    "AlertUndelivered": {'alerts_undelivered_total{kind="breaker_opened"}': "_x9 1"},
    "DuplicateSkipsFrequent": {
        'side_effect_duplicates_blocked_total{effect_type="order"}': "0+1x60",
        'idempotency_decisions_total{effect_type="order",outcome="EXECUTED"}': "0+9x60",
    },
    "Watchdog": {"up": "1x60"},
    "RedisSafetyWarning": {'redis_safety_warning{check="eviction",level="CRITICAL"}': "1x60"},
}
"""By alert: series, minute by minute, at which it fires. `_x9 1` is a counter whose first count is the event."""

QUIET = {
    "CircuitBreakerOpened": {'circuit_breaker_opened_total{scope="job_type",name="order"}': "1x60"},
    "SideEffectDuplicate": {'side_effect_duplicates_total{effect_type="order"}': "3x60"},
    "RetryRateHigh": {'retry_attempts_total{job_type="order",failure_type="timeout"}': "0+9x60"},
    "RetrySuccessRateLow": {'retry_results_total{job_type="order",result="failure"}': "0+0.5x60"},
    "RetryBlockRateHigh": {'retry_attempts_total{job_type="order",failure_type="timeout"}': "0+9x60"},
    "RetryAnomalies": {'retry_anomaly_detected_total{kind="spike"}': "0+0.1x60"},
}
"""By alert: series at which it must not fire, the threshold or the least sample not being reached."""


def test_every_alert_is_tried() -> None:
    """There is no rule that nobody has seen fire."""
    assert FIRES.keys() == {rule.alert for rule in ALERT_RULES}


@pytest.mark.parametrize(
    ("alert", "series", "fires"),
    [
        *(pytest.param(name, series, True, id=name) for name, series in FIRES.items()),
        *(pytest.param(name, series, False, id=f"{name}-quiet") for name, series in QUIET.items()),
    ],
)
def test_alert_fires_when_it_should(
    promtool: str, tmp_path: Path, alert: str, series: dict[str, str], fires: bool
) -> None:
    """Prometheus itself evaluates the rules on series of a known course."""
    minute = 10 if any("x9 1" in values for values in series.values()) else 50
    query = f'ALERTS{{alertname="{alert}",alertstate="firing"}}'
    test = {
        "rule_files": [str(FILES / "recording_rules.yaml"), str(FILES / "alert_rules.yaml")],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": f"count({query}) or vector(0)",
                        "eval_time": f"{minute}m",
                        "exp_samples": [{"labels": "{}", "value": 1 if fires else 0}],
                    }
                ],
            }
        ],
    }
    file = tmp_path / "test.yaml"
    file.write_text(json.dumps(test), encoding="utf-8")
    done = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
