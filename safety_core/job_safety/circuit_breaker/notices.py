"""What is told about a breaker's decisions: alerts and metrics, once the answer is final. Never changes one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from .states import BreakerState

if TYPE_CHECKING:
    from safety_core.job_safety.alerts.hooks import AlertHooks

    from .states import Permit, Transition

logger = logging.getLogger("safety_core.circuit_breaker")
logger.addHandler(logging.NullHandler())

_KINDS = {
    BreakerState.OPEN: "breaker_opened",
    BreakerState.HALF_OPEN: "breaker_half_open",
    BreakerState.CLOSED: "breaker_closed",
}


class BreakerMetrics(Protocol):
    """What counts a breaker's decisions."""

    def breaker_moved(self, scope: str, name: str, before: str, after: str) -> None:
        """A scope changed its state."""

    def breaker_refused(self, scope: str, job_type: str, reason: str) -> None:
        """A call was refused."""


class Notices:
    """Passes a breaker's decisions on."""

    __slots__ = ("_hooks", "_metrics")

    def __init__(self, hooks: AlertHooks | None, metrics: BreakerMetrics | None) -> None:
        self._hooks = hooks
        self._metrics = metrics

    def answered(self, permit: Permit) -> None:
        """Take note of an answer to "may I call?"."""
        if not permit.admitted:
            logger.info("call refused: %s by %s (%s)", permit.job_type, permit.scope, permit.reason)
            if self._metrics is not None:
                try:
                    self._metrics.breaker_refused(str(permit.scope), permit.job_type, permit.reason)
                except Exception:
                    logger.exception("counting a refused call failed")
        for transition in permit.transitions:
            self.moved(transition)

    def moved(self, transition: Transition) -> None:
        """Take note of a change of state."""
        logger.warning("breaker %s of %s: %s", transition.scope, transition.name, transition)
        if self._metrics is not None:
            try:
                self._metrics.breaker_moved(
                    str(transition.scope), transition.name, str(transition.before), str(transition.after)
                )
            except Exception:
                logger.exception("counting a change of state failed")
        if self._hooks is None:
            return
        kind = "breaker_overridden" if transition.actor else _KINDS[transition.after]
        self._hooks.alert(
            kind,
            f"{transition.scope}:{transition.name}",
            str(transition),
            f"The breaker of {transition.scope} {transition.name} went from {transition}.",
            scope=str(transition.scope),
            name=transition.name,
            before=str(transition.before),
            after=str(transition.after),
            reason=transition.reason,
            epoch=transition.epoch,
            open_s=transition.open_s,
            local=transition.local,
            actor=transition.actor,
        )
