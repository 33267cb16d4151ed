"""Finds retries that go wrong in ways that a count of them does not show. Rules as data; each needs a minimum sample.

It reads a tracker and tells; it stops nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, final

from safety_core.job_safety.errors import PolicyError

from .emission import OnAlert, RetryAlert, emit
from .window import ENDS, RetryEvent, RetryWindowTracker, Seen

if TYPE_CHECKING:
    from collections.abc import Iterator


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyRules:
    """When something counts as an anomaly; everything is counted in the tracker's window.

    Attributes:
        job_retries: One job was started again so often, or more.
        success_ratio: Less than this share of the retries that ended succeeded...
        min_ended: ...where so many ended at least.
        blocked_ratio: More than this share of the retries that were asked for was refused...
        min_asked: ...where so many were asked for at least.
        stuck_s: A retry was started, and did not end within so many seconds.
        repeat_s: An anomaly that lasts is told again after so many seconds.
    """

    job_retries: int = 5
    success_ratio: float = 0.5
    min_ended: int = 10
    blocked_ratio: float = 0.05
    min_asked: int = 100
    stuck_s: float = 900.0
    repeat_s: float = 3600.0

    def __post_init__(self) -> None:
        """Check every range.

        Raises:
            PolicyError: A value is no number from 0 on, or a share is above 1.
        """
        for name in (one.name for one in fields(self)):
            value = getattr(self, name)
            most = 1.0 if name.endswith("ratio") else float("inf")
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
                raise PolicyError(f"{name} is {value!r:.80}; expected a number between 0 and {most:g}")


class RetryAnomalyDetector:
    """Looks for anomalies: a job in a loop, few successes, many refusals, retries of the hopeless, retries stuck.

    Attributes:
        rules: As given.
    """

    def __init__(
        self, tracker: RetryWindowTracker, *, rules: AnomalyRules | None = None, on_alert: OnAlert | None = None
    ) -> None:
        """Make a detector that reads `tracker`, by the default rules where none are given."""
        self.rules = rules if rules is not None else AnomalyRules()
        self._tracker = tracker
        self._on_alert = on_alert
        self._told: dict[tuple[str, str, str], tuple[float, int]] = {}

    def check(self, *, at_s: float | None = None) -> list[RetryAlert]:
        """Look once, now or at a moment of the tracker's clock; pass on and return what is new or told long ago."""
        now = self._tracker.now_s() if at_s is None else at_s
        steps = self._tracker.steps(at_s=now)
        told: dict[tuple[str, str, str], tuple[float, int]] = {}
        alerts = []
        for subject, alert in self._found(steps, now):
            name = (alert.kind, alert.job_type, subject)
            last_s, suppressed = self._told.get(name, (float("-inf"), 0))
            if now - last_s < self.rules.repeat_s:
                told[name] = (last_s, suppressed + 1)
                continue
            told[name] = (now, 0)
            alerts.append(replace(alert, suppressed=suppressed))
        self._told = told
        for alert in alerts:
            emit(self._on_alert, alert)
        return alerts

    def _found(self, steps: list[Seen], now: float) -> Iterator[tuple[str, RetryAlert]]:
        counts = Counter((seen.job_type, seen.event) for seen in steps)
        ended = _ended(steps)
        for job_type in sorted({seen.job_type for seen in steps}):
            yield from self._success(job_type, ended[job_type, True], ended[job_type, False], now)
            asked = counts[job_type, RetryEvent.STARTED], counts[job_type, RetryEvent.BLOCKED]
            yield from self._refusals(job_type, *asked, now)
        started = Counter((seen.job_type, seen.job_id) for seen in steps if seen.event is RetryEvent.STARTED)
        for (job_type, job_id), number in started.items():
            if number >= self.rules.job_retries:
                message = f"one job was retried {number} times"
                yield job_id, _alert("job_loop", job_type, now, message, retries=number)
        yield from self._hopeless(steps, now)
        for seen in self._tracker.running():
            if now - seen.at_s > self.rules.stuck_s:
                message = f"a retry was started {now - seen.at_s:.0f} s ago and has not ended"
                yield seen.job_id, _alert("stuck", seen.job_type, now, message, age_s=now - seen.at_s)

    def _success(self, job_type: str, succeeded: int, failed: int, now: float) -> Iterator[tuple[str, RetryAlert]]:
        ended = succeeded + failed
        if ended >= max(1, self.rules.min_ended) and succeeded / ended < self.rules.success_ratio:
            message = f"{succeeded} of {ended} retries succeeded"
            yield "", _alert("low_success", job_type, now, message, succeeded=succeeded, ended=ended)

    def _refusals(self, job_type: str, started: int, blocked: int, now: float) -> Iterator[tuple[str, RetryAlert]]:
        asked = started + blocked
        if asked >= max(1, self.rules.min_asked) and blocked / asked > self.rules.blocked_ratio:
            message = f"{blocked} of {asked} retries were refused"
            yield "", _alert("many_blocked", job_type, now, message, blocked=blocked, asked=asked)

    def _hopeless(self, steps: list[Seen], now: float) -> Iterator[tuple[str, RetryAlert]]:
        failed: set[str] = set()
        for seen in steps:
            if seen.event is RetryEvent.FAILED_FOR_GOOD:
                failed.add(seen.job_id)
            elif seen.event is RetryEvent.STARTED and seen.job_id in failed:
                failed.discard(seen.job_id)
                message = "a job was retried although its failure is of a kind that stays"
                yield seen.job_id, _alert("hopeless_retry", seen.job_type, now, message)


def _ended(steps: list[Seen]) -> Counter[tuple[str, bool]]:
    """Return how many retries of each type succeeded, and how many failed. A first run is no retry."""
    running: set[str] = set()
    ended: Counter[tuple[str, bool]] = Counter()
    for seen in steps:
        if seen.event is RetryEvent.STARTED:
            running.add(seen.job_id)
        elif seen.event in ENDS and seen.job_id in running:
            running.discard(seen.job_id)
            ended[seen.job_type, seen.event is RetryEvent.SUCCEEDED] += 1
    return ended


def _alert(kind: str, job_type: str, at_s: float, message: str, **figures: float) -> RetryAlert:
    return RetryAlert(
        kind=kind, severity="Warning", job_type=job_type, at_s=at_s, message=message, figures=dict(figures)
    )
