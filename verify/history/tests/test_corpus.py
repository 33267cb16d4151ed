"""Every checker is born with a smallest good and a smallest bad history."""

from __future__ import annotations

import pytest

from verify.history.checkers import ASSUMPTIONS, CHECKERS
from verify.history.events import BreakerTerms, RetryTerms
from verify.history.judge import RECORD, judge_history
from verify.history.promises import Promise, deciding_checkers
from verify.history.tests import stored
from verify.history.words import Verdict, merge

TERMS: dict[Promise, type[BreakerTerms | RetryTerms]] = {
    Promise.CIRCUIT_BREAKER: BreakerTerms,
    Promise.RETRY_POLICY: RetryTerms,
}
"""What a history must begin with to be judged by a promise of limits."""
ALSO = {
    # An acknowledged effect that is missing also makes the OK a lie.
    "nothing_lost-acknowledged-but-missing": {"truthful_outcome"},
    # Two payloads, or two fences, can only land in two effects.
    "conflict-two-payloads": {"at_most_once"},
    "fence_order-stale-holder": {"at_most_once"},
    "book_integrity-receipt-of-another-line": {"at_most_once"},
}
"""The other checkers that rightly speak up in a bad history."""


@pytest.mark.parametrize("name", stored.names("good"))
@pytest.mark.parametrize("promise", Promise)
def test_good_history_is_valid_under_every_promise(name: str, promise: Promise) -> None:
    """No checker finds anything in a good history, and only one that names its limits can show that they are kept."""
    events = stored.read("good", name)
    judged = judge_history(events, promise)
    needed = TERMS.get(promise)
    is_judged = needed is None or isinstance(events[0], needed)
    assert {finding.checker for finding, _ in judged.findings} == (set() if is_judged else {RECORD})
    assert judged.verdict is (Verdict.VALID if is_judged else Verdict.UNKNOWN)


@pytest.mark.parametrize("name", stored.names("bad"))
def test_bad_history_is_flagged_by_its_checker_alone(name: str) -> None:
    """The checker that gives a bad history its name finds it, and no other does without a reason."""
    judged = judge_history(stored.read("bad", name), Promise.EXACTLY_ONCE_OR_IN_DOUBT)
    assert {finding.checker for finding, _ in judged.findings} == {name.partition("-")[0]} | ALSO.get(name, set())


@pytest.mark.parametrize("name", stored.names("bad"))
@pytest.mark.parametrize("promise", Promise)
def test_only_promised_checkers_decide_a_bad_history(name: str, promise: Promise) -> None:
    """What was not promised is shown as such and leaves the verdict alone."""
    judged = judge_history(stored.read("bad", name), promise)
    deciding = deciding_checkers(promise)
    assert all(promised == (finding.checker in {*deciding, RECORD}) for finding, promised in judged.findings)
    decisive = [finding.verdict for finding, promised in judged.findings if promised]
    assert judged.verdict is merge([Verdict.VALID, *decisive])


@pytest.mark.parametrize("kind", ["good", "bad"])
def test_every_checker_has_a_stored_history(kind: str) -> None:
    """A checker without its smallest histories does not enter the house."""
    assert {name.partition("-")[0] for name in stored.names(kind)} == {checker.name for checker in CHECKERS}


@pytest.mark.parametrize("name", stored.names("bad"))
def test_assumptions_answer_unknown_and_promises_answer_invalid(name: str) -> None:
    """A damaged record is no evidence against a subject, and a broken promise is no doubt."""
    judged = judge_history(stored.read("bad", name), Promise.EXACTLY_ONCE_OR_IN_DOUBT)
    for finding, _ in judged.findings:
        assert finding.verdict is (Verdict.UNKNOWN if finding.checker in ASSUMPTIONS else Verdict.INVALID)


@pytest.mark.parametrize("name", stored.names("bad"))
def test_finding_says_who_did_what_to_which_key(name: str) -> None:
    """Sentences and operations are what a reader acts on, so a change of theirs is a change to be seen."""
    judged = judge_history(stored.read("bad", name), Promise.EXACTLY_ONCE_OR_IN_DOUBT)
    said = [
        {"checker": finding.checker, "operations": list(finding.operations), "sentence": finding.sentence}
        for finding, _ in judged.findings
    ]
    assert said == stored.sentences()[name]
