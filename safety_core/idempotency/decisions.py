"""What is told about every decision: a count, a structured log line, the caller's hook.

No payload and no result ever goes into a log line, and nothing that fails here changes an answer.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from .outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from .answers import GuardResult

logger = logging.getLogger("safety_core.idempotency")
logger.addHandler(logging.NullHandler())

_LEVELS = {
    Outcome.EXECUTED: logging.INFO,
    Outcome.REPLAYED: logging.INFO,
    Outcome.IN_PROGRESS: logging.INFO,
    Outcome.REPLAYED_FAILURE: logging.INFO,
    Outcome.EXECUTED_UNRECORDED: logging.ERROR,
    Outcome.EXECUTED_FENCED: logging.ERROR,
    Outcome.EFFECT_UNCERTAIN: logging.ERROR,
    Outcome.CONFLICT: logging.ERROR,
}
"""Level of an outcome's log line; WARNING where none is given."""


class Decisions:
    """Counts, logs and passes on the answers of one guard."""

    __slots__ = ("_counts", "_hook", "_lock")

    def __init__(self, hook: Callable[[GuardResult], object] | None) -> None:
        self._hook = hook
        self._counts = dict.fromkeys(Outcome, 0)
        self._lock = threading.Lock()

    @property
    def counts(self) -> dict[Outcome, int]:
        """A copy of the counts."""
        with self._lock:
            return dict(self._counts)

    def note(self, answer: GuardResult) -> None:
        """Take note of a final answer."""
        outcome = answer.outcome
        with self._lock:
            self._counts[outcome] += 1
        level = _LEVELS.get(outcome, logging.WARNING)
        if logger.isEnabledFor(level):
            _log(level, answer)
        if self._hook is not None:
            try:
                self._hook(answer)
            except Exception:
                logger.exception("on_decision failed for %s of %s; the answer stands", outcome, answer.key)


def _log(level: int, answer: GuardResult) -> None:
    logger.log(
        level,
        "guard decided %s for %s",
        answer.outcome,
        answer.key,
        extra={
            "guard_outcome": str(answer.outcome),
            "guard_key": answer.key,
            "guard_effect_type": str(answer.effect_type),
            "guard_executed": answer.executed,
            "guard_fence": answer.fence,
            "guard_remaining_ms": answer.remaining_ms,
            "guard_reason": answer.reason,
            "guard_error_type": type(answer.error).__name__ if answer.error is not None else None,
        },
    )
