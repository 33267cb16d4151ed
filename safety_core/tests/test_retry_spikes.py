"""Spikes are found, and quiet is not taken for one: on series whose spikes are known."""

from __future__ import annotations

import pytest

from safety_core.job_safety import PolicyError, RetryAlert, RetrySpikeDetector
from safety_core.job_safety.retry_hardening_v2 import SpikeSettings
from safety_core.job_safety.retry_hardening_v2.measuring import (
    Labelled,
    bursty,
    daily,
    measure,
    quiet_series,
    spiked_series,
    steady,
)

RATES = {"rare": steady(0.1), "usual": steady(1), "busy": steady(10), "daily": daily(5), "bursty": bursty(5)}


@pytest.mark.parametrize("name", RATES)
def test_quiet_week_has_no_false_alarm(name: str) -> None:
    """Rare, busy, swinging within a day or coming in bursts: chance is not taken for a spike."""
    assert measure(quiet_series(name, RATES[name], days=7, seed=1)).false_alarms == 0


@pytest.mark.parametrize(
    ("name", "factor", "delay"), [("usual", 10, 5), ("busy", 3, 5), ("busy", 10, 1), ("daily", 10, 3)]
)
def test_spike_is_found_in_time(name: str, factor: float, delay: int) -> None:
    """Every one of them, within minutes, and nothing beside them."""
    measured = measure(spiked_series(name, RATES[name], factor=factor, spikes=20, seed=2))
    assert (measured.found, measured.false_alarms) == (20, 0)
    assert measured.longest_delay is not None
    assert measured.longest_delay <= delay


def test_lower_threshold_finds_more_and_errs_more() -> None:
    """What the setting trades: the instrument that measures it can tell the two apart."""
    quiet = quiet_series("daily", RATES["daily"], days=7, seed=1)
    small = spiked_series("usual", RATES["usual"], factor=3, spikes=20, seed=2)
    low, high = SpikeSettings(threshold=2.5), SpikeSettings(threshold=5)
    assert measure(quiet, low).false_alarms > measure(quiet, high).false_alarms == 0
    assert measure(small, low).found > measure(small, high).found


def test_measure_tells_true_alarms_from_false_ones() -> None:
    """A label moved away from its spike makes the same alarm a false one."""
    counts = (*([5] * 60), *([60] * 10), *([5] * 60))
    right = measure(Labelled(name="right", counts=counts, spikes=((60, 70),)))
    wrong = measure(Labelled(name="wrong", counts=counts, spikes=((100, 110),)))
    assert (right.found, right.false_alarms, right.median_delay) == (1, 0, 1)
    assert (wrong.found, wrong.false_alarms, wrong.median_delay) == (0, 1, None)


def detector(told: list[RetryAlert]) -> RetrySpikeDetector:
    """Return a detector of orders with an hour of five retries a minute behind it."""
    made = RetrySpikeDetector(job_type="order", on_alert=told.append, clock=lambda: 0.0)
    for minute in range(60):
        made.record(5, at_s=minute * 60.0)
    return made


def test_spike_is_told_once_while_it_lasts_and_again_when_it_comes_again() -> None:
    """On its first retries that are too many, within the minute."""
    told: list[RetryAlert] = []
    spiking = detector(told)
    first = [spiking.record(1, at_s=3600.0) for _ in range(200)]
    assert sum(alert is not None for alert in first) == len(told) == 1
    assert (told[0].kind, told[0].severity, told[0].job_type) == ("spike", "Warning", "order")
    assert told[0].figures["count"] < 200
    for minute in range(61, 120):
        spiking.record(5, at_s=minute * 60.0)
    assert not spiking.is_spiking(at_s=120 * 60.0)
    spiking.record(200, at_s=120 * 60.0)
    assert len(told) == 2


def test_spike_that_stays_becomes_the_usual() -> None:
    """After as long as the history is, the new rate is learnt, and the next spike stands out from it."""
    told: list[RetryAlert] = []
    spiking = detector(told)
    for minute in range(60, 240):
        spiking.record(50, at_s=minute * 60.0)
    assert len(told) == 1
    assert not spiking.is_spiking(at_s=240 * 60.0)
    spiking.record(500, at_s=240 * 60.0)
    assert len(told) == 2


def test_without_history_it_is_silent_and_says_so() -> None:
    """A cold start cannot tell a spike from a busy day."""
    told: list[RetryAlert] = []
    fresh = RetrySpikeDetector(on_alert=told.append, clock=lambda: 0.0)
    fresh.record(1000, at_s=0)
    assert (fresh.has_history, told) == (False, [])
    assert detector(told).has_history


def test_long_silence_costs_nothing_and_is_history() -> None:
    """A year without a retry is passed over at once, and ten of them are then a spike."""
    told: list[RetryAlert] = []
    spiking = detector(told)
    spiking.record(10, at_s=365 * 86400.0)
    assert [alert.kind for alert in told] == ["spike"]


def test_clock_that_goes_back_stays_in_its_minute() -> None:
    """Nothing is lost and nothing raised."""
    told: list[RetryAlert] = []
    spiking = detector(told)
    spiking.record(1, at_s=0.0)
    spiking.record(200, at_s=-5.0)
    assert len(told) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"bucket_s": 0},
        {"window_buckets": 0},
        {"threshold": float("nan")},
        {"least_history": 100},
        {"min_count": True},
    ],
    ids=["bucket", "window", "threshold", "history", "count"],
)
def test_settings_out_of_range_are_refused(options: dict[str, float]) -> None:
    """One line that says what was expected."""
    with pytest.raises(PolicyError, match=r"expected"):
        SpikeSettings(**options)  # type: ignore[arg-type] # what a caller without types may do
    with pytest.raises(PolicyError, match=r"expected"):
        RetrySpikeDetector().record(-1)
