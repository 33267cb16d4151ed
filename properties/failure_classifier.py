"""What is not known never becomes a retry: not a kind of failure, and not what became of an order or a booking."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from hypothesis import strategies as st

from properties.claim import Claim, demand
from safety_core.job_safety import EffectClass, FailureClassifierV2, FailureType, Phase

RISKY = (EffectClass.OPENS_RISK, EffectClass.REDUCES_RISK, EffectClass.BOOKS)
UNANSWERED = (
    ConnectionError,
    ConnectionResetError,
    BrokenPipeError,
    TimeoutError,
    OSError,
    EOFError,
    RuntimeError,
    Exception,
)
"""What is raised where the other side gave no answer."""

_TEXTS = st.sampled_from(["", "lost", "Read timed out.", "connection reset by peer", "service unavailable"])
_STRANGE = st.text("abcxyz ", max_size=8)
_NAMES = st.text("QXZ", min_size=3, max_size=6)
_PHASES = st.sampled_from([Phase.AFTER_SENDING, Phase.UNKNOWN])


def check(
    classifier: Any, *, kind: type[Exception], strange: str, text: str, phase: Phase, stake: EffectClass, told: int
) -> None:
    """Assert both halves, of an exception that is known and of one that nobody has ever seen."""
    lost = kind(text)
    judged = classifier.classify(lost, phase=phase, effect_class=stake)
    retried, _ = classifier.should_retry_failure(lost, phase=phase, effect_class=stake)
    demand(
        not (judged.should_retry or retried) or stake not in RISKY,
        f"{lost!r} {phase} would be retried: {judged.choice}, though nobody knows what became of what {stake}",
    )
    stranger = type(strange, (Exception,), {})("qq")
    for failure in (stranger, f"{strange}: qq"):
        judged = classifier.classify(failure, phase=phase, effect_class=stake)
        demand(judged.failure_type is FailureType.UNKNOWN_ERROR, f"{failure!r} was taken for {judged.failure_type}")
        demand(not judged.should_retry, f"{failure!r} would be retried: {judged.choice}")
    answered = type(strange, (Exception,), {"status": told})("qq")
    judged = classifier.classify(answered, phase=phase, effect_class=stake)
    demand(
        not judged.should_retry or stake not in RISKY,
        f"an answer with status {told}, which says nothing of the effect, would be retried: {judged.choice}",
    )


CLAIM = Claim(
    name="failure_classifier",
    says="No failure of an unknown kind is retried, and no order or booking of which nobody knows what became of it.",
    drawn={
        "kind": st.sampled_from(UNANSWERED),
        "strange": _NAMES,
        "text": _TEXTS | _STRANGE,
        "phase": _PHASES,
        "stake": st.sampled_from(list(EffectClass)),
        "told": st.integers(500, 599),
    },
    check=check,
    suspect=lambda: nullcontext(FailureClassifierV2()),
)
