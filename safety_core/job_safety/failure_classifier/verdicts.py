"""What a classifier answers, and the table from what is known of an effect to what may be done. Values and data.

An outcome that is not known never becomes a retry of an order or a booking: the table holds no such line.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, final

from safety_core.idempotency.effect_classes import EffectClass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from safety_core.idempotency.failure_table import Verdict
    from safety_core.idempotency.failure_types import FailureType


class Phase(StrEnum):
    """How far the request had come when it failed."""

    BEFORE_SENDING = "before sending"
    """Not a byte of the request had left. A failure with an HTTP status or an exchange code denies it."""
    AFTER_SENDING = "after sending"
    UNKNOWN = "unknown"
    """Read as after sending: what is not known may have left."""


class RetryChoice(StrEnum):
    """What may be done with a failure."""

    RETRY = "retry"
    NOT_BEFORE = "retry, but not before the time that was asked for"
    ASK_FIRST = "ask the venue first"
    NEVER = "never"


WHEN_UNKNOWN: Mapping[EffectClass, RetryChoice] = MappingProxyType(
    {
        EffectClass.READ: RetryChoice.RETRY,
        EffectClass.OPENS_RISK: RetryChoice.ASK_FIRST,
        EffectClass.REDUCES_RISK: RetryChoice.ASK_FIRST,
        EffectClass.BOOKS: RetryChoice.ASK_FIRST,
        EffectClass.SIGNALS: RetryChoice.RETRY,
    }
)
"""What may be done when it is not known whether the effect happened. A signal goes out under the same event id."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FailureVerdict:
    """How a failure was judged.

    Attributes:
        failure_type: What kind of failure it is.
        verdict: What is known of the effect.
        choice: What may be done.
        why: One phrase for people and logs: the row that matched. Holds no text of the failure.
        retry_after_s: Seconds that the other side asked to wait from now on, or None.
        not_before_ms: Unix milliseconds, by the other side's clock, before which it refuses; None if it named none.
    """

    failure_type: FailureType
    verdict: Verdict
    choice: RetryChoice
    why: str
    retry_after_s: float | None = None
    not_before_ms: int | None = None

    @property
    def should_retry(self) -> bool:
        """Whether a retry may be planned without asking anybody. A ban may not (its end may be unknown)."""
        if self.choice is RetryChoice.NOT_BEFORE:
            return self.failure_type.retryable
        return self.choice is RetryChoice.RETRY
