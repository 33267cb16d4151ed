"""The words that every room shares: outcome, verdict, finding. One meaning each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Outcome(StrEnum):
    """What the caller of a guard may conclude from its answer."""

    OK = "OK"
    """The effect is done and recorded: this call did it, or an earlier one did."""
    FAIL = "FAIL"
    """This call certainly did not do the effect, and never will."""
    INDETERMINATE = "INDETERMINATE"
    """It may have happened, and it may still happen."""


class Verdict(StrEnum):
    """What a checker says of a history.

    UNKNOWN means that the question was not decided: a budget ran out, a fault left no witness, nothing
    overlapped. It may never be read as VALID, and it is not evidence of a defect either.
    """

    VALID = "VALID"
    INVALID = "INVALID"
    UNKNOWN = "UNKNOWN"


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """Compose verdicts: one INVALID decides, else one UNKNOWN does, else VALID.

    An empty iterable is UNKNOWN, because nothing was shown.
    """
    seen = set(verdicts)
    if Verdict.INVALID in seen:
        return Verdict.INVALID
    if Verdict.UNKNOWN in seen or not seen:
        return Verdict.UNKNOWN
    return Verdict.VALID


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One reason why a history is not VALID.

    Attributes:
        checker: Name of the checker that says it.
        verdict: INVALID for a broken promise, UNKNOWN for a question that could not be decided.
        sentence: One sentence with an actor: who did what to which key, and what was promised.
        operations: Numbers of the operations with which the promise was broken, as in the history's events; what
            happened after that may be in the sentence, and is not here.
        at: Index of the event that broke the promise, a landing or an entry, which may come long after the call;
            None where the operations themselves did.
    """

    checker: str
    verdict: Verdict
    sentence: str
    operations: tuple[int, ...] = ()
    at: int | None = None
