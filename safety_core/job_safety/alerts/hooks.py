"""Hooks that are told of alerts: four kinds, a cooldown by source and transition, and a count of what it held back.

`emit` never raises and never waits for a network. A hook of the kinds log, metric and event is called in the caller's
thread and must be quick; a webhook goes through an outbox.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from safety_core.idempotency.errors import SettingsError

from .event import AlertEvent, Severity
from .severities import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .outbox import Outbox

logger = logging.getLogger("safety_core.alerts")
logger.addHandler(logging.NullHandler())

_LEVELS = {Severity.CRITICAL: logging.ERROR, Severity.WARNING: logging.WARNING, Severity.INFO: logging.INFO}
_MAX_KEYS = 10_000
DEFAULT_COOLDOWN_S = 300.0


class Finding(Protocol):
    """What a retry detector says of one finding."""

    @property
    def kind(self) -> str:
        """What was found."""

    @property
    def job_type(self) -> str:
        """Which jobs; empty for all of them."""

    @property
    def message(self) -> str:
        """One sentence."""

    @property
    def figures(self) -> Mapping[str, float]:
        """The numbers that it rests on."""


class AlertHooks:
    """The hooks of one process. Safe for threads.

    Attributes:
        cooldown_s: Seconds in which one source's transition is told once.
    """

    def __init__(
        self, *, cooldown_s: float = DEFAULT_COOLDOWN_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Make an empty set of hooks.

        Args:
            cooldown_s: Seconds, 0 or more; 0 tells everything.
            clock: Seconds of a clock that only runs forward.

        Raises:
            SettingsError: `cooldown_s` is out of range.
        """
        given: object = cooldown_s
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 10**9:
            raise SettingsError(f"cooldown_s is {cooldown_s!r}; expected a number of seconds, 0 or more")
        self.cooldown_s = cooldown_s
        self._clock = clock
        self._lock = threading.Lock()
        self._hooks: list[tuple[str, Callable[[AlertEvent], object]]] = []
        self._suppression: list[Callable[[AlertEvent], object]] = []
        self._told: dict[tuple[str, str], tuple[float, int]] = {}
        self._outboxes: list[Outbox] = []

    def add_log(self, to: logging.Logger = logger) -> None:
        """Tell alerts as structured log records: ERROR for Critical, WARNING, INFO."""

        def log(event: AlertEvent) -> None:
            facts = {f"alert_{name}": value for name, value in event.as_json().items()}
            to.log(_LEVELS[event.severity], "alert %s: %s", event.kind, event.summary, extra=facts)

        self._hooks.append(("log", log))

    def add_metric(self, count: Any) -> None:
        """Count alerts.

        Args:
            count: Its `alert_sent(kind, severity)` and `alert_suppressed(kind, severity)` are called, as those of
                `safety_core.job_safety.retry_metrics.RetryMetrics`.
        """
        self._hooks.append(("metric", lambda event: count.alert_sent(event.kind, str(event.severity))))
        self._suppression.append(lambda event: count.alert_suppressed(event.kind, str(event.severity)))

    def add_event(self, callback: Callable[[AlertEvent], object]) -> None:
        """Hand alerts to a callback of this process."""
        self._hooks.append(("event", callback))

    def add_webhook(self, outbox: Outbox) -> None:
        """Post alerts through an outbox, which delivers them or reports them undelivered."""
        self._outboxes.append(outbox)
        self._hooks.append(("webhook", outbox.put))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the hooks, in the order in which they are told."""
        return tuple(kind for kind, _ in self._hooks)

    def alert(self, kind: str, source: str, transition: str, summary: str, **context: Any) -> bool:
        """Make an alert of a kind that the table knows, and emit it; return whether it was told.

        Raises:
            SettingsError: The table knows no such kind.
        """
        severity = SEVERITIES.get(kind)
        if severity is None:
            raise SettingsError(f"alert kind {kind!r} is none of: {', '.join(SEVERITIES)}")
        return self.emit(
            AlertEvent(
                kind=kind, source=source, transition=transition, severity=severity, summary=summary, context=context
            )
        )

    def emit(self, event: AlertEvent) -> bool:
        """Tell every hook of an alert, unless its source and transition were told within the cooldown.

        Returns whether it was told. What a hook raises is logged and keeps no other hook from being told.
        """
        held_back = self._held_back(event)
        if held_back is None:
            for count in self._suppression:
                _tell("metric", count, event)
            return False
        told = event.after(held_back) if held_back else event
        for kind, hook in self._hooks:
            _tell(kind, hook, told)
        return True

    def retry_alert(self, found: Finding) -> bool:
        """Tell what a retry detector found: give it to a detector as its callback; return whether it was told."""
        return self.alert(
            "retry_anomaly",
            f"retries:{found.job_type or 'all'}",
            found.kind,
            found.message,
            **{f"figure_{name}": value for name, value in found.figures.items()},
        )

    def heartbeat(self) -> None:
        """Emit a heartbeat, whatever the cooldown says: its silence is the alarm. Call it by a timer of your own."""
        event = AlertEvent(
            kind="heartbeat",
            source="alerts",
            transition="alive",
            severity=SEVERITIES["heartbeat"],
            summary="alerts of this process can be told",
        )
        for kind, hook in self._hooks:
            _tell(kind, hook, event)

    def close(self, timeout_s: float = 5.0) -> None:
        """Give the outboxes some seconds to deliver; what is left then is reported undelivered."""
        for outbox in self._outboxes:
            outbox.close(timeout_s)

    def _held_back(self, event: AlertEvent) -> int | None:
        """Return how many alerts were held back before this one; None if it is held back too."""
        key, now = (event.source, event.transition), self._clock()
        with self._lock:
            last = self._told.get(key)
            if last is not None and now - last[0] < self.cooldown_s:
                self._told[key] = (last[0], last[1] + 1)
                return None
            self._told.pop(key, None)
            if len(self._told) >= _MAX_KEYS:
                self._told.pop(next(iter(self._told)))
            self._told[key] = (now, 0)
            return last[1] if last is not None else 0


def _tell(kind: str, hook: Callable[[AlertEvent], object], event: AlertEvent) -> None:
    try:
        hook(event)
    except Exception:
        logger.exception("an alert hook of kind %s failed for %s of %s", kind, event.kind, event.source)
