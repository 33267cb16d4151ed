"""The arithmetic of cooldowns, without a store."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.job_safety import PolicyError, RetrySettings

SETTINGS = st.builds(
    RetrySettings,
    max_attempts=st.integers(0, 100),
    cooldown_seconds=st.floats(0, 600),
    max_cooldown_seconds=st.floats(600, 86400),
    exponential_backoff=st.booleans(),
    jitter=st.floats(0, 1),
)


def test_defaults_are_those_of_the_configuration() -> None:
    """Three retries, a minute, doubling, an hour at most, no jitter."""
    settings = RetrySettings()
    assert (settings.max_attempts, settings.cooldown_seconds, settings.max_cooldown_seconds) == (3, 60, 3600)
    assert (settings.exponential_backoff, settings.jitter) == (True, 0)
    assert (settings.max_retries, settings.max_calls) == (3, 4)


def test_waits_double_up_to_the_cap() -> None:
    """The seventh would be 3840 s."""
    waits = [RetrySettings().cooldown_ms(attempts) // 1000 for attempts in range(8)]
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert RetrySettings(exponential_backoff=False).cooldown_ms(5) == 60_000


@given(SETTINGS, st.integers(0, 10_000), st.text("abc:/#", min_size=1))
def test_wait_stays_between_its_bounds(settings: RetrySettings, attempts: int, key: str) -> None:
    """Never above the cap, never below what jitter leaves, never shorter for a later attempt without it."""
    whole = settings.cooldown_ms(attempts)
    assert whole <= round(settings.max_cooldown_seconds * 1000)
    assert whole <= settings.cooldown_ms(attempts + 1)
    drawn = settings.cooldown_ms(attempts, key)
    assert int(whole * (1 - settings.jitter)) - 1 <= drawn <= whole
    assert drawn == settings.cooldown_ms(attempts, key)


def test_jitter_spreads_jobs_over_its_whole_share() -> None:
    """A thousand jobs that failed together do not come back together, also at the cap."""
    settings = RetrySettings(jitter=1)
    draws = sorted(settings.cooldown_ms(6, f"job-{number}") for number in range(1000))
    assert draws[0] < 36_000
    assert draws[-1] > 3_564_000
    assert 1_700_000 < draws[500] < 1_900_000


@pytest.mark.parametrize(
    "options",
    [
        {"max_attempts": -1},
        {"max_attempts": 2.5},
        {"max_attempts": True},
        {"cooldown_seconds": float("nan")},
        {"cooldown_seconds": "60"},
        {"cooldown_seconds": 7200},
        {"max_cooldown_seconds": float("inf")},
        {"exponential_backoff": "yes"},
        {"jitter": 1.1},
        {"retention_seconds": 60},
    ],
    ids=str,
)
def test_setting_out_of_range_is_refused(options: dict[str, Any]) -> None:
    """One line that names it and says what was expected."""
    with pytest.raises(PolicyError, match=r"is .*; expected"):
        RetrySettings(**options)


@pytest.mark.parametrize("attempts", [-1, 1.5, True, "2"], ids=repr)
def test_wait_before_no_attempt_is_refused(attempts: Any) -> None:
    """Attempts are whole numbers from 0 on."""
    with pytest.raises(PolicyError, match="whole number"):
        RetrySettings().cooldown_ms(attempts)
