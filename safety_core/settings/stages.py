"""The stages of a rollout: which flags each switches on, and how one may go from one to another. Reads no clock.

Going back is always allowed, at once and as far as wanted. Going on is allowed by one stage, when the stage before
has lasted long enough to be watched.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Self

from .sections import is_on

if TYPE_CHECKING:
    from .sections import Settings

_DAY_S = 86400.0
_WEEK_S = 7 * _DAY_S


class RolloutError(ValueError):
    """Flags are on out of their order, or a rollout is to skip or shorten a stage."""


class Stage(StrEnum):
    """One stage, by its name.

    Attributes:
        flags: What is switched on at it, besides what was on before.
        watched_s: Seconds that it lasts at least before the next one.
        watch: What is watched meanwhile.
    """

    flags: tuple[str, ...]
    watched_s: float
    watch: str

    def __new__(cls, name: str, flags: tuple[str, ...], watched_s: float, watch: str) -> Self:
        """Make a member that is its own name and carries its facts."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.flags, member.watched_s, member.watch = flags, watched_s, watch
        return member

    OFF = ("off", (), 0.0, "nothing: every flag is off")
    MONITORING = (
        "monitoring",
        ("runtime.redis_checks",),
        _WEEK_S,
        "warnings about the Redis; that nothing changed in production",
    )
    ANOMALY_DETECTION = (
        "anomaly detection",
        ("retry.metrics.enabled", "retry.anomaly_guard"),
        _WEEK_S,
        "retry metrics for 24 hours at least, anomaly events; thresholds are tuned",
    )
    CIRCUIT_ALERTS = (
        "circuit alerts",
        ("retry.circuit_breaker.enabled", "retry.circuit_breaker_alerts"),
        _WEEK_S,
        "failure patterns, and that all four hooks arrive: log, metric, event, webhook",
    )
    FULL_PRODUCTION = (
        "full production",
        ("jobs_api.enabled",),
        0.0,
        "everything, continuously; adaptive features may follow one by one",
    )

    @property
    def number(self) -> int:
        """Its place in the order, from 0."""
        return _ORDER.index(self)


_ORDER = tuple(Stage)
_LAST = ("adaptive.enabled", "leaderboard.enabled", "hybrid.enabled")


def stage_of(settings: Settings) -> Stage:
    """Return the highest stage whose flags, and those of every stage before it, are on.

    Raises:
        RolloutError: A flag of a later stage than the next one is on: the rollout left its order.
    """
    reached = Stage.OFF
    for stage in _ORDER:
        if not all(is_on(settings, flag) for flag in stage.flags):
            break
        reached = stage
    for stage in _ORDER[reached.number + 2 :]:
        early = [flag for flag in stage.flags if is_on(settings, flag)]
        if early:
            missing = [flag for flag in _ORDER[reached.number + 1].flags if not is_on(settings, flag)]
            raise RolloutError(
                f"{', '.join(early)} belongs to the stage '{stage}', and {', '.join(missing)} of the stage "
                f"'{_ORDER[reached.number + 1]}' is off; expected the stages in their order"
            )
    return reached


def check_move(before: Settings, after: Settings, *, lasted_s: float) -> Stage:
    """Return the stage that a change of the settings leads to.

    Args:
        before: The settings until now.
        after: The settings from now on.
        lasted_s: Seconds since the stage of `before` was reached, 0 or more.

    Raises:
        RolloutError: Flags are out of order, a stage is skipped, or the one before was watched too shortly.
    """
    if not lasted_s >= 0:
        raise RolloutError(f"lasted_s is {lasted_s!r}; expected seconds, 0 or more")
    start, end = stage_of(before), stage_of(after)
    if end.number > start.number + 1:
        raise RolloutError(f"{end} follows {_ORDER[end.number - 1]}, not {start}; expected one stage at a time")
    switched = [flag for stage in _ORDER for flag in stage.flags if is_on(after, flag) and not is_on(before, flag)]
    switched += [flag for flag in _LAST if is_on(after, flag) and not is_on(before, flag)]
    if switched and lasted_s < start.watched_s and end.number >= start.number:
        raise RolloutError(
            f"{', '.join(switched)} is to be switched on, and the stage {start} has lasted {lasted_s / _DAY_S:.1f} "
            f"of {start.watched_s / _DAY_S:g} days; expected it to be watched so long: {start.watch}"
        )
    if len([flag for flag in _LAST if flag in switched]) > 1:
        raise RolloutError(
            f"{', '.join(switched)} are to be switched on at once; expected adaptive features one by one"
        )
    return end
