"""The stages of a rollout: in their order, watched long enough, and back at any time."""

from __future__ import annotations

from typing import Any

import pytest

from safety_core.settings import FLAGS, RolloutError, Settings, Stage, check_move, is_on, stage_of

WEEK_S = 7 * 86400.0


def having(*flags: str) -> Settings:
    """Return settings with these flags on."""
    held: dict[str, Any] = {}
    for flag in flags:
        *above, last = flag.split(".")
        below = held
        for name in above:
            below = below.setdefault(name, {})
        below[last] = True
    return Settings.model_validate(held)


def at(stage: Stage, *more: str) -> Settings:
    """Return the settings of a stage."""
    return having(*(flag for one in Stage if one.number <= stage.number for flag in one.flags), *more)


def test_each_stage_is_known_by_its_flags() -> None:
    """Week 1 is the checks of Redis alone, and no flag is left over at the end but the adaptive ones."""
    assert [stage_of(at(stage)) for stage in Stage] == list(Stage)
    assert Stage.MONITORING.flags == ("runtime.redis_checks",)
    assert "retry.anomaly_guard" in Stage.ANOMALY_DETECTION.flags
    assert "retry.circuit_breaker_alerts" in Stage.CIRCUIT_ALERTS.flags
    off = {flag for flag in FLAGS if not is_on(at(Stage.FULL_PRODUCTION), flag)}
    assert off == {"adaptive.enabled", "leaderboard.enabled", "hybrid.enabled"}


def test_metrics_are_on_and_watched_for_a_day_before_the_breaker() -> None:
    """The order of the other rollout: breaker off, metrics on, 24 hours, breaker on."""
    assert "retry.metrics.enabled" in Stage.ANOMALY_DETECTION.flags
    assert "retry.circuit_breaker.enabled" in Stage.CIRCUIT_ALERTS.flags
    assert Stage.ANOMALY_DETECTION.watched_s >= 86400
    with pytest.raises(ValueError, match=r"retry\.circuit_breaker\.enabled is true, and needs retry\.metrics"):
        having("retry.circuit_breaker.enabled")


def test_rollout_goes_on_by_one_stage_when_the_one_before_was_watched() -> None:
    """And every earlier moment is refused with what is to be watched."""
    for before in list(Stage)[:-1]:
        after = list(Stage)[before.number + 1]
        assert check_move(at(before), at(after), lasted_s=WEEK_S) is after
        if before.watched_s:
            with pytest.raises(RolloutError, match=r"has lasted .* of 7 days"):
                check_move(at(before), at(after), lasted_s=WEEK_S - 1)


def test_no_stage_is_skipped() -> None:
    """However long the one before has lasted."""
    for before in Stage:
        for after in list(Stage)[before.number + 2 :]:
            with pytest.raises(RolloutError, match="one stage at a time"):
                check_move(at(before), at(after), lasted_s=52 * WEEK_S)


def test_rollout_goes_back_at_once_and_as_far_as_wanted() -> None:
    """Switching off is never held up."""
    for before in Stage:
        for after in list(Stage)[: before.number + 1]:
            assert check_move(at(before), at(after), lasted_s=0) is after


def test_stage_may_be_reached_flag_by_flag() -> None:
    """A part of the next stage's flags is not that stage yet, and must have waited all the same."""
    part = at(Stage.MONITORING, "retry.metrics.enabled")
    assert stage_of(part) is Stage.MONITORING
    with pytest.raises(RolloutError, match=r"retry\.metrics\.enabled is to be switched on"):
        check_move(at(Stage.MONITORING), part, lasted_s=WEEK_S - 1)


def test_flag_out_of_its_order_is_named() -> None:
    """With the flags that should be on before."""
    with pytest.raises(RolloutError, match=r"retry\.anomaly_guard belongs to .* and runtime\.redis_checks of"):
        stage_of(having("retry.anomaly_guard"))


def test_adaptive_features_follow_one_by_one() -> None:
    """Only in full production, and each by itself."""
    full, adaptive = at(Stage.FULL_PRODUCTION), at(Stage.FULL_PRODUCTION, "adaptive.enabled")
    assert check_move(full, adaptive, lasted_s=0) is Stage.FULL_PRODUCTION
    with pytest.raises(RolloutError, match="one by one"):
        check_move(adaptive, at(Stage.FULL_PRODUCTION, "adaptive.enabled", *_LAST), lasted_s=WEEK_S)
    with pytest.raises(ValueError, match=r"adaptive\.enabled is true, and needs jobs_api\.enabled: true"):
        at(Stage.CIRCUIT_ALERTS, "adaptive.enabled")


def test_time_that_went_backwards_is_refused() -> None:
    """So is one that is no number."""
    for lasted_s in (-1.0, float("nan")):
        with pytest.raises(RolloutError, match="expected seconds"):
            check_move(at(Stage.OFF), at(Stage.OFF), lasted_s=lasted_s)


_LAST = ("leaderboard.enabled", "hybrid.enabled")
