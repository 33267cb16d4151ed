"""The cardinality guard: forbidden names and values, caps with an overflow series, modes, the process's guard."""

from __future__ import annotations

import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from safety_core.idempotency import SettingsError
from safety_core.metrics import (
    OVERFLOW,
    CardinalityError,
    GuardMode,
    MetricsCardinalityGuard,
    MetricsError,
    exposition,
    get_guard,
    set_guard,
    validate_metric_labels,
)
from safety_core.metrics.forbidden import FORBIDDEN_NAME_PATTERNS, FORBIDDEN_NAMES, FORBIDDEN_VALUE_PATTERNS
from safety_core.metrics.guard import name_fault, value_fault

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=list(GuardMode))
def mode(request: pytest.FixtureRequest) -> GuardMode:
    """Return each mode in turn."""
    each: GuardMode = request.param
    return each


@pytest.fixture
def global_guard() -> Iterator[MetricsCardinalityGuard]:
    """Yield the guard of this process, and put it back."""
    before = get_guard()
    yield before
    set_guard(before)


def values_of(guard: MetricsCardinalityGuard, metric: str) -> dict[str, float]:
    """Return the series of a metric by their text."""
    lines = exposition(guard.registry).decode().splitlines()
    found = [line.rpartition(" ") for line in lines if line.startswith(metric) and not line.startswith("#")]
    return {series: float(value) for series, _, value in found if "_created" not in series}


@pytest.mark.parametrize(
    "name", [*FORBIDDEN_NAMES, "ORDER_ID", "parent_uuid", "api_key", "created_at", "limit_price"]
)
def test_forbidden_name_is_refused_when_the_metric_is_made(name: str) -> None:
    """Strict mode lets no such metric come into being."""
    guard = MetricsCardinalityGuard("strict")
    with pytest.raises(CardinalityError, match="is forbidden"):
        guard.counter("orders", "Orders.", [name])
    assert guard.violations == {("orders", "name"): 1}
    assert values_of(guard, "orders") == {}


@pytest.mark.parametrize("name", ["symbol", "side", "job_type", "state", "idle", "candidate", "update", "pathology"])
def test_name_that_only_looks_like_a_forbidden_one_is_allowed(name: str) -> None:
    """Near misses pass."""
    assert name_fault(name) is None


def test_each_rule_is_needed_and_gives_its_reason() -> None:
    """No name is listed twice under different words, and each list counts itself."""
    assert all(name_fault(name) == why for name, why in FORBIDDEN_NAMES.items())
    assert len(FORBIDDEN_NAMES) == 9
    assert all(why for why in (*FORBIDDEN_NAME_PATTERNS.values(), *FORBIDDEN_VALUE_PATTERNS.values()))


@pytest.mark.parametrize(
    "value",
    [str(uuid.UUID(int=7)), "a" * 16, "order 123456", "2026-02-07T12", "a@b.example", "10.0.0.1", "x" * 65, 1234567],
    ids=str,
)
def test_value_that_looks_like_an_id_is_refused_behind_an_allowed_name(value: Any) -> None:
    """An order id under `reason` explodes as well."""
    guard = MetricsCardinalityGuard("strict")
    refused = guard.counter("refused", "Refusals.", ["reason"])
    with pytest.raises(CardinalityError, match="looks like"):
        refused.labels(reason=value)
    assert values_of(guard, "refused") == {}


@pytest.mark.parametrize("value", ["cooldown", "HTTP 503", "BTCUSDT", "", "12345", "v1.2.3", True, None])
def test_ordinary_value_is_allowed(value: Any) -> None:
    """Words, states, symbols, small numbers."""
    assert value_fault(value) is None


def test_warning_mode_records_and_counts(caplog: pytest.LogCaptureFixture) -> None:
    """It prevents nothing below the cap, says so, and does not fill the log."""
    guard = MetricsCardinalityGuard("warning")
    told: list[tuple[str, str]] = []
    guard.listen(lambda metric, kind: told.append((metric, kind)))
    refused = guard.counter("refused", "Refusals.", ["order_id"])
    for number in range(8):
        refused.labels(order_id=f"order 10000{number}").inc()
    assert len(values_of(guard, "refused_total")) == 8
    assert told == [("refused", "name"), *[("refused", "value")] * 8]
    assert len(caplog.records) == 1 + 4


def test_cap_sends_what_is_new_to_the_overflow_series(mode: GuardMode) -> None:
    """In both modes: known series go on, nothing is lost, nothing grows."""
    guard = MetricsCardinalityGuard(mode, max_series=3)
    calls = guard.counter("calls", "Calls.", ["kind", "side"])
    for number in range(10):
        calls.labels(kind=f"k{number}", side="buy").inc()
    calls.labels(kind="k0", side="buy").inc()
    series = values_of(guard, "calls_total")
    assert len(series) == 4
    assert series[f'calls_total{{kind="{OVERFLOW}",side="{OVERFLOW}"}}'] == 7
    assert sum(series.values()) == 11
    assert guard.violations == {("calls", "cap"): 7}


def test_one_label_with_too_many_values_overflows(mode: GuardMode) -> None:
    """The limit of values holds for each label."""
    guard = MetricsCardinalityGuard(mode, max_values=2)
    calls = guard.counter("calls", "Calls.", ["kind"])
    for kind in ("a", "b", "c", "a"):
        calls.labels(kind=kind).inc()
    assert values_of(guard, "calls_total") == {
        'calls_total{kind="a"}': 2, 'calls_total{kind="b"}': 1, f'calls_total{{kind="{OVERFLOW}"}}': 1,
    }  # fmt: skip


def test_cap_holds_for_threads_at_once() -> None:
    """Eight threads make series at the same time: no more than the cap, and none of the counts is lost."""
    guard = MetricsCardinalityGuard("strict", max_series=50)
    calls = guard.counter("calls", "Calls.", ["kind"])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: calls.labels(kind=f"k{number % 200}").inc(), range(2000)))
    series = values_of(guard, "calls_total")
    assert len(series) <= 51
    assert sum(series.values()) == 2000


def test_order_and_type_of_labels_do_not_make_other_series() -> None:
    """The same words in another order, and `True` or a text, are what prometheus_client makes of them."""
    guard = MetricsCardinalityGuard("strict")
    calls = guard.counter("calls", "Calls.", ["a", "b"])
    for _ in range(2):
        calls.labels(a="1", b="True").inc()
        calls.labels(b="True", a="1").inc()
        calls.labels(a=1, b=True).inc()
    assert values_of(guard, "calls_total") == {'calls_total{a="1",b="True"}': 6}
    assert calls.series == 1


def test_labels_that_are_not_the_metrics_are_refused() -> None:
    """Missing and additional labels, and a metric without any."""
    guard = MetricsCardinalityGuard("strict")
    calls, plain = guard.counter("calls", "Calls.", ["kind"]), guard.counter("plain", "Plain.")
    for wrong in ({}, {"side": "buy"}, {"kind": "a", "side": "buy"}):
        with pytest.raises(MetricsError, match="expected"):
            calls.labels(**wrong)
    with pytest.raises(MetricsError, match=r"call labels\(kind\) first"):
        calls.inc()
    with pytest.raises(MetricsError):
        plain.labels()
    plain.inc(2)
    assert values_of(guard, "plain_total") == {"plain_total": 2}


def test_name_that_is_taken_is_given_back_or_refused() -> None:
    """The same metric is one metric; another kind or other labels are a mistake."""
    guard = MetricsCardinalityGuard("strict")
    calls = guard.counter("calls", "Calls.", ["kind"])
    assert guard.counter("calls", "Calls.", ["kind"]) is calls
    with pytest.raises(MetricsError, match="already"):
        guard.gauge("calls", "Calls.", ["kind"])
    with pytest.raises(MetricsError, match="cannot be made"):
        guard.counter("calls_total", "The same name in the exposition.")


@pytest.mark.parametrize(
    ("name", "label"), [("no name", "kind"), ("", "kind"), ("calls", "job type"), ("calls", "ü")]
)
def test_name_that_prometheus_does_not_read_everywhere_is_refused(name: str, label: str) -> None:
    """Letters, digits and underscores."""
    with pytest.raises(MetricsError, match="expected letters"):
        MetricsCardinalityGuard("strict").counter(name, "Calls.", [label])


def test_registry_is_our_own() -> None:
    """Nothing appears in the registry of the whole process."""
    guard = MetricsCardinalityGuard("strict")
    guard.counter("only_here", "Here.").inc()
    assert "only_here_total" not in {sample.name for family in REGISTRY.collect() for sample in family.samples}


def test_report_counts_series_and_values() -> None:
    """Largest first."""
    guard = MetricsCardinalityGuard("strict", max_series=2)
    guard.counter("small", "Small.", ["kind"]).labels(kind="a").inc()
    large = guard.counter("large", "Large.", ["kind", "side"])
    for kind in ("a", "b", "c"):
        large.labels(kind=kind, side="buy").inc()
    assert guard.report() == [
        {"metric": "large", "series": 2, "max_series": 2, "overflowed": 1, "values": {"kind": 2, "side": 1}},
        {"metric": "small", "series": 1, "max_series": 2, "overflowed": 0, "values": {"kind": 1}},
    ]


def test_validator_of_the_module_asks_the_guard_of_the_process(global_guard: MetricsCardinalityGuard) -> None:
    """`validate_metric_labels(metric_name, labels)` says yes or no; a strict guard raises."""
    assert global_guard.mode is GuardMode.WARNING
    assert validate_metric_labels("orders", {"symbol": "BTCUSDT"}) is True
    assert validate_metric_labels("orders", {"order_id": "1"}) is False
    assert validate_metric_labels("orders", {"reason": "order 1234567"}) is False
    set_guard(MetricsCardinalityGuard("strict"))
    with pytest.raises(CardinalityError):
        validate_metric_labels("orders", {"order_id": "1"})


@pytest.mark.parametrize("wrong", [{"mode": "lenient"}, {"max_series": 0}, {"max_values": 1.5}, {"max_series": True}])
def test_setting_out_of_range_is_refused(wrong: Any) -> None:
    """One clear error."""
    with pytest.raises(SettingsError, match="expected"):
        MetricsCardinalityGuard(**wrong)


def test_without_prometheus_client_labels_can_be_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is needed for metrics only."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    guard = MetricsCardinalityGuard("strict")
    assert guard.validate("orders", {"symbol": "BTCUSDT"})
    with pytest.raises(MetricsError, match="install the extra `metrics`"):
        guard.counter("orders", "Orders.")


@given(st.lists(st.tuples(st.text(max_size=70), st.sampled_from(["buy", "sell"])), max_size=40))
def test_no_text_breaks_the_caps_or_loses_a_count(words: list[tuple[str, str]]) -> None:
    """Whatever stands in a label: at most the cap and one series, and every count is in one of them."""
    guard = MetricsCardinalityGuard("warning", max_series=5)
    calls = guard.counter("calls", "Calls.", ["kind", "side"])
    for kind, side in words:
        calls.labels(kind=kind, side=side).inc()
    samples = [
        sample for family in guard.registry.collect() for sample in family.samples if sample.name == "calls_total"
    ]
    assert len(samples) <= 6
    assert sum(sample.value for sample in samples) == len(words)
