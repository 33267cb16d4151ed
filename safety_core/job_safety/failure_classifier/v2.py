"""V2: what a failure says about the effect, and what may therefore be done, exchange by exchange.

The exchange's table goes first, the kinds of V1 second. Whether an unknown outcome may be tried again is decided by
what is at stake, and for an order or a booking it never may.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from safety_core.idempotency.classification import UNMATCHED, classify_facts
from safety_core.idempotency.effect_classes import EffectClass
from safety_core.idempotency.failure_table import EXCHANGES, RetryAdvice, Verdict, rules_of
from safety_core.idempotency.failure_types import FailureType
from safety_core.job_safety.errors import FailureError

from .reading import facts_from
from .v1 import FailureClassifier
from .verdicts import WHEN_UNKNOWN, FailureVerdict, Phase, RetryChoice

if TYPE_CHECKING:
    from safety_core.idempotency.failure_facts import FailureFacts

_BANNED_UNTIL = re.compile(r"banned until (\d{12,14})\b").search
_TOLD = ("status", "status_code", "code", "definite", "retry_after", "response", "headers", "__getattr__")
_WAITS = frozenset({FailureType.RATE_LIMIT, FailureType.EXCHANGE_BAN})


class FailureClassifierV2(FailureClassifier):
    """Knows an exchange's codes, rate limits, balances and bans.

    Attributes:
        exchange: Whose codes are read, in lower case.
    """

    def __init__(self, exchange: str = "binance") -> None:
        """Make a classifier for the codes of `exchange`.

        Raises:
            FailureError: The codes of this exchange are not known.
        """
        super().__init__()
        self.exchange = str(exchange).lower()
        if self.exchange not in EXCHANGES:
            raise FailureError(f"the exchange {exchange!r} is unknown; expected one of: {', '.join(EXCHANGES)}")
        self._rules = rules_of(self.exchange)

    def classify(
        self,
        exc_info: Any,
        *,
        phase: Phase | str = Phase.UNKNOWN,
        effect_class: EffectClass | str = EffectClass.OPENS_RISK,
    ) -> FailureVerdict:
        """Judge a failure.

        Args:
            exc_info: An exception, `sys.exc_info()`, or the text of a traceback.
            phase: How far the request had come. It counts only where the other side gave no answer at all.
            effect_class: What is at stake.

        Raises:
            FailureError: `exc_info`, the phase or the class is none that is known.
        """
        try:
            known: FailureVerdict | None = self._known.get((type(exc_info), phase, effect_class))
            if known is not None and not exc_info.__dict__:
                return known
            phase, effect_class = Phase(phase), EffectClass(effect_class)
        except (ValueError, TypeError) as error:
            names = ", ".join(map(repr, (*map(str, Phase), *map(str, EffectClass))))
            raise FailureError(f"{error}; expected a phase and an effect class, of: {names}") from None
        facts = facts_from(exc_info)
        judged = self._judged(facts, phase, effect_class)
        if self._told_by_type(exc_info, facts) and _is_plain(exc_info):
            self._remember((type(exc_info), phase, effect_class), judged)
        return judged

    def _judged(self, facts: FailureFacts, phase: Phase, effect_class: EffectClass) -> FailureVerdict:
        judged = classify_facts(facts, self._rules)
        kind = judged.failure
        if kind is FailureType.UNKNOWN_ERROR:
            kind = self._kind_of(facts)
        verdict, advice, why = judged.verdict, judged.retry, judged.why
        unanswered = facts.status is None and facts.code is None and facts.definite is None
        if phase is Phase.BEFORE_SENDING and unanswered:
            verdict, why = Verdict.NOT_EXECUTED, "nothing was sent"
            advice = RetryAdvice.LATER if kind.retryable else RetryAdvice.NEVER
        choice = _choice(verdict, advice, kind, effect_class)
        banned = _BANNED_UNTIL(facts.text) if kind is FailureType.EXCHANGE_BAN else None
        wait_s = facts.retry_after_s if kind in _WAITS else None
        if choice is RetryChoice.RETRY and (wait_s is not None or kind is FailureType.EXCHANGE_BAN):
            choice = RetryChoice.NOT_BEFORE
        return FailureVerdict(
            failure_type=kind,
            verdict=verdict,
            choice=choice,
            why=why if why != UNMATCHED.why else f"not in the table: {kind}",
            retry_after_s=wait_s,
            not_before_ms=int(banned[1]) if banned else None,
        )

    def should_retry_failure(
        self,
        exc_info: Any,
        *,
        phase: Phase | str = Phase.UNKNOWN,
        effect_class: EffectClass | str = EffectClass.OPENS_RISK,
    ) -> tuple[bool, FailureType]:
        """Return whether a retry may be planned without asking anybody, and the kind; otherwise as `classify`."""
        judged = self.classify(exc_info, phase=phase, effect_class=effect_class)
        return judged.should_retry, judged.failure_type

    def failure_type(self, exc_info: Any) -> FailureType:
        """Return the kind of a failure by the exchange's table, else by V1's."""
        return self.classify(exc_info).failure_type


def _is_plain(failure: BaseException) -> bool:
    """Return whether neither an exception nor its class says more than what it is called."""
    return failure.__dict__ == {} and not any(hasattr(type(failure), name) for name in _TOLD)


def _choice(verdict: Verdict, advice: RetryAdvice, kind: FailureType, stake: EffectClass) -> RetryChoice:
    if verdict is Verdict.ALREADY_THERE:
        return RetryChoice.ASK_FIRST
    if verdict is Verdict.UNCERTAIN:
        choice = WHEN_UNKNOWN[stake]
        return RetryChoice.NEVER if choice is RetryChoice.RETRY and not kind.retryable else choice
    return RetryChoice.RETRY if advice is RetryAdvice.LATER else RetryChoice.NEVER
