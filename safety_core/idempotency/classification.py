"""What an effect's exception says about the effect: certainly not done, perhaps done, or done already.

Reads the table by type, HTTP status and exchange code first and by text last. Whatever matches nothing is uncertain:
an unknown must never become a blind retry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .failure_facts import FailureFacts, facts_of
from .failure_table import RULES, RetryAdvice, Rule, Verdict
from .failure_types import FailureType

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Classification:
    """How one failure was judged.

    Attributes:
        verdict: What is known of the effect.
        retry: What a retry policy may do.
        why: The row that matched.
        failure: What kind of failure it is.
    """

    verdict: Verdict
    retry: RetryAdvice
    why: str
    failure: FailureType = FailureType.UNKNOWN_ERROR


UNMATCHED = Classification(Verdict.UNCERTAIN, RetryAdvice.ASK_FIRST, "not known to the table: may have been sent")
"""What everything else is: nobody can say whether the request had left."""


def classify_effect_error(error: BaseException) -> Classification:
    """Judge what `error`, raised by an effect, says about the effect.

    A boolean attribute `definite` on the exception is the word of the one who raised it and goes first: True means
    that the effect certainly did not happen, False that it may have.
    """
    return classify_facts(facts_of(error), RULES)


def classify_facts(facts: FailureFacts, rules: Iterable[Rule]) -> Classification:
    """Judge a failure by what it tells of itself, as `classify_effect_error` does, by a table of one's own."""
    found = matching_rule(facts, rules)
    kind = found.failure if found is not None else FailureType.UNKNOWN_ERROR
    if facts.definite is True:
        why = "the effect says that it did not happen"
        return Classification(Verdict.NOT_EXECUTED, RetryAdvice.LATER, why, kind)
    if facts.definite is False:
        why = "the effect says that it may have happened"
        return Classification(Verdict.UNCERTAIN, RetryAdvice.ASK_FIRST, why, kind)
    return Classification(found.verdict, found.retry, found.why, kind) if found is not None else UNMATCHED


def matching_rule(facts: FailureFacts, rules: Iterable[Rule]) -> Rule | None:
    """Return the first row that a failure matches, or None."""
    for rule in rules:
        if _matches(rule, facts):
            return rule
    return None


def _matches(rule: Rule, facts: FailureFacts) -> bool:
    if rule.status and (facts.status is None or not rule.status[0] <= facts.status <= rule.status[1]):
        return False
    if rule.codes and (facts.code is None or not rule.codes[0] <= facts.code <= rule.codes[1]):
        return False
    if rule.types and (facts.kind is None or not issubclass(facts.kind, rule.types)):
        return False
    return rule.text.lower() in facts.text.lower() if rule.text else True
