"""What a tracker remembers, what a histogram counts, and which anomalies are told, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.job_safety import PolicyError, RetryAlert, RetryAnomalyDetector, RetryHistogram, RetryWindowTracker
from safety_core.job_safety.retry_hardening_v2 import BUCKETS, EDGES, AnomalyRules, RetryEvent

if TYPE_CHECKING:
    from collections.abc import Callable

EVENTS = st.lists(
    st.tuples(
        st.floats(-100, 7200), st.sampled_from("abc"), st.sampled_from(list(RetryEvent)), st.sampled_from("xy")
    ),
    max_size=40,
)


def tracker() -> RetryWindowTracker:
    """Return a tracker whose clock stands still unless told otherwise."""
    return RetryWindowTracker(clock=lambda: 0.0)


@given(EVENTS)
def test_window_counts_what_is_in_it_and_nothing_else(events: list[tuple[float, str, RetryEvent, str]]) -> None:
    """Against a plain list, with times that also go back: those count as the last one."""
    window = tracker()
    kept: list[tuple[float, RetryEvent, str]] = []
    last = float("-inf")
    for at_s, job, event, job_type in events:
        last = max(last, at_s)
        window.record(job, event, job_type=job_type, at_s=at_s)
        kept.append((last, event, job_type))
    for event in RetryEvent:
        for job_type in ("x", "y"):
            expected = sum(1 for at, one, kind in kept if at > last - 3600 and (one, kind) == (event, job_type))
            assert window.count(event, job_type=job_type, at_s=last) == (expected if kept else 0)
        assert window.count(event, at_s=last) == sum(window.count(event, job_type=one, at_s=last) for one in "xy")


def test_life_of_one_retry_is_told_in_order() -> None:
    """Failed, planned, started, succeeded; and what runs is known until it ends."""
    window = tracker()
    life = [RetryEvent.FAILED, RetryEvent.SCHEDULED, RetryEvent.STARTED]
    for at_s, event in enumerate(life):
        window.record("a", event, job_type="order", at_s=at_s)
        window.record("b", RetryEvent.BLOCKED, job_type="report", at_s=at_s)
    assert [seen.job_id for seen in window.running()] == ["a"]
    window.record("a", RetryEvent.SUCCEEDED, job_type="order", at_s=3)
    assert [seen.event for seen in window.lifecycle("a", at_s=3)] == [*life, RetryEvent.SUCCEEDED]
    assert window.running() == []
    assert window.job_types(at_s=3) == ["order", "report"]
    assert window.rate_per_minute(at_s=3) == pytest.approx(1 / 60)
    assert window.job_types(at_s=3602) == ["order"]


def test_window_is_bounded() -> None:
    """A storm of retries does not eat the memory of the process that watches it."""
    window = RetryWindowTracker(max_events=100, clock=lambda: 0.0)
    for number in range(1000):
        window.record(f"job-{number}", RetryEvent.STARTED)
    assert len(window.steps()) == len(window.running()) == window.count(RetryEvent.STARTED) == 100


@pytest.mark.parametrize(
    "misuse",
    [
        lambda: RetryWindowTracker(0),
        lambda: RetryWindowTracker(float("nan")),
        lambda: RetryWindowTracker(max_events=0),
        lambda: tracker().record("a", "exploded"),
        lambda: RetryHistogram().observe(0),
        lambda: RetryHistogram().observe(1.5),  # type: ignore[arg-type] # what a caller without types may do
        lambda: AnomalyRules(success_ratio=2),
        lambda: AnomalyRules(job_retries=-1),
    ],
    ids=["no window", "nan", "no events", "event", "zero", "half", "ratio", "negative"],
)
def test_misuse_is_a_clear_error(misuse: Callable[[], object]) -> None:
    """One line that says what was expected."""
    with pytest.raises(PolicyError, match=r"expected"):
        misuse()


@given(st.lists(st.integers(1, 50)))
def test_histogram_has_seven_buckets_that_meet(attempts: list[int]) -> None:
    """Each count is in exactly one of them, and the cumulative ones grow to the total."""
    histogram = RetryHistogram()
    for one in attempts:
        histogram.observe(one)
    assert len(histogram.counts) == len(BUCKETS) == 7
    assert sum(histogram.counts.values()) == histogram.total == len(attempts)
    for edge, count in histogram.cumulative:
        assert count == sum(1 for one in attempts if one <= edge)


def test_buckets_are_called_what_they_hold() -> None:
    """The documented edges."""
    names = dict.fromkeys(BUCKETS, 0)
    for attempts in range(1, 20):
        histogram = RetryHistogram()
        histogram.observe(attempts)
        (name,) = [name for name, count in histogram.counts.items() if count]
        low, _, high = name.removesuffix("+").partition("-")
        assert int(low) <= attempts <= (10**9 if name.endswith("+") else int(high or low))
        names[name] += 1
    assert list(names.values()) == [1, 1, 1, 2, 3, 5, 6]
    assert EDGES == (1, 2, 3, 5, 8, 13)


def test_histograms_of_two_processes_add_up() -> None:
    """Counts and mean."""
    one, two = RetryHistogram(), RetryHistogram()
    empty = one.mean
    one.observe(1)
    two.observe(4)
    one.merge(two)
    assert (empty, one.mean) == (None, 2.5)
    assert (one.total, one.counts["4-5"]) == (2, 1)


def play(steps: list[tuple[str, RetryEvent]]) -> tuple[RetryAnomalyDetector, list[RetryAlert]]:
    """Return a detector that has seen steps of orders, one per second, and the list its alerts come to."""
    window = tracker()
    for at_s, (job, event) in enumerate(steps):
        window.record(job, event, job_type="order", at_s=at_s)
    told: list[RetryAlert] = []
    return RetryAnomalyDetector(window, on_alert=told.append), told


S, F, B = RetryEvent.STARTED, RetryEvent.FAILED, RetryEvent.BLOCKED
OK, HOPELESS = RetryEvent.SUCCEEDED, RetryEvent.FAILED_FOR_GOOD


@pytest.mark.parametrize(
    ("kind", "enough", "too_little"),
    [
        ("job_loop", [("a", S), ("a", OK)] * 5, [("a", S), ("a", OK)] * 4),
        ("low_success", [("a", S), ("a", F), ("b", S), ("b", F), ("c", S), ("c", OK)] * 4, [("a", S), ("a", F)] * 4),
        (
            "many_blocked",
            [(f"j{at}", S if at % 10 else B) for at in range(100)] + [(f"j{at}", OK) for at in range(100)],
            [("a", B)] * 99,
        ),
        ("hopeless_retry", [("a", HOPELESS), ("a", S), ("a", OK)], [("a", HOPELESS), ("b", S), ("b", OK)]),
    ],
)
def test_anomaly_is_told_from_its_sample_on(kind: str, enough: list[Any], too_little: list[Any]) -> None:
    """With enough of it the alert comes, and with less it does not."""
    detector, told = play(enough)
    assert kind in {alert.kind for alert in detector.check(at_s=len(enough))}
    assert {(alert.severity, alert.job_type) for alert in told} == {("Warning", "order")}
    detector, _ = play(too_little)
    assert kind not in {alert.kind for alert in detector.check(at_s=len(too_little))}


def test_first_failures_are_no_failed_retries() -> None:
    """Many jobs that fail once say nothing about how well retries work."""
    detector, _ = play([(f"job-{at}", F) for at in range(50)])
    assert detector.check(at_s=50) == []


def test_retry_that_does_not_end_is_told() -> None:
    """However long ago it began, also before the window."""
    detector, told = play([("a", S)])
    assert detector.check(at_s=900) == []
    assert [alert.kind for alert in detector.check(at_s=901)] == ["stuck"]
    assert [alert.kind for alert in detector.check(at_s=10_000)] == ["stuck"]
    assert len(told) == 2


def test_anomaly_that_lasts_is_told_once_an_hour_and_counts_the_rest() -> None:
    """Silence in between, and the number of times it was found meanwhile."""
    detector, told = play([("a", S)])
    for at_s in (1000, 2000, 3000, 4599, 4600):
        detector.check(at_s=at_s)
    assert [(alert.at_s, alert.suppressed) for alert in told] == [(1000, 0), (4600, 3)]


def test_receiver_that_fails_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The alert stands in the log, with the reason."""

    def broken(_: RetryAlert) -> None:
        raise OSError("no network")

    window = tracker()
    window.record("a", S, at_s=0)
    assert len(RetryAnomalyDetector(window, on_alert=broken).check(at_s=901)) == 1
    assert "the alert stands in this log" in caplog.text


def test_quiet_retries_raise_no_alert() -> None:
    """A day of retries that mostly work."""
    window = tracker()
    detector = RetryAnomalyDetector(window)
    for minute in range(24 * 60):
        at_s = minute * 60.0
        for event in (F, S, F if minute % 4 == 0 else OK):
            window.record(f"job-{minute}", event, at_s=at_s)
        assert detector.check(at_s=at_s) == []
