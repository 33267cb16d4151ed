"""One history gets one verdict, and a checker that fails never makes it VALID."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.history import judge as judge_module
from verify.history.checkers import CHECKERS, Checker
from verify.history.events import Died, Event, Phase, RetryTerms
from verify.history.judge import RECORD, judge_history
from verify.history.promises import Promise
from verify.history.tests.histories import answered, executed, raced
from verify.history.words import Outcome, Verdict

if TYPE_CHECKING:
    from verify.history.history import History
    from verify.history.words import Finding

PROMISE = Promise.EXACTLY_ONCE_OR_IN_DOUBT


def _fail(_: History) -> list[Finding]:
    raise ZeroDivisionError("no divisor")


def test_failed_checker_is_unknown_never_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checker that raises has decided nothing."""
    monkeypatch.setattr(judge_module, "CHECKERS", (Checker("at_most_once", "It fails.", _fail),))
    judged = judge_history(executed("w1", 1), PROMISE)
    ((finding, promised),) = judged.findings
    assert (judged.verdict, finding.verdict, promised) == (Verdict.UNKNOWN, Verdict.UNKNOWN, True)
    assert finding.sentence == "checker at_most_once failed: ZeroDivisionError('no divisor')"


def test_failed_checker_does_not_hide_another_ones_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """All checkers always run."""
    failing = Checker("conflict", "It fails.", _fail)
    monkeypatch.setattr(judge_module, "CHECKERS", (failing, *CHECKERS))
    twice = [*executed("w1", 1), *executed("w2", 2, n=2)]
    assert judge_history(twice, PROMISE).verdict is Verdict.INVALID


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        (executed("w1", 1)[4:], "without an invoke"),
        ([*raced(), *raced()], "is used twice"),
        ([Phase(name="workload"), Died(process="w1")], "holds no operation"),
        ([], "holds no operation"),
    ],
)
def test_unreadable_history_is_unknown_with_the_reason(events: list[Event], reason: str) -> None:
    """What cannot be read as a history was not judged."""
    judged = judge_history(events, PROMISE)
    ((finding, promised),) = judged.findings
    assert (judged.verdict, finding.checker, promised) == (Verdict.UNKNOWN, RECORD, True)
    assert reason in finding.sentence


def test_history_that_breaks_the_index_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong before the first checker, nothing was shown."""

    def broken(_: object) -> History:
        raise TypeError("unhashable")

    monkeypatch.setattr(judge_module, "History", broken)
    judged = judge_history(raced(), PROMISE)
    assert judged.verdict is Verdict.UNKNOWN
    assert "could not be indexed" in judged.findings[0][0].sentence


def test_invalid_wins_over_a_damaged_book() -> None:
    """An altered book that also shows a broken promise stays INVALID."""
    events = executed("w1", 1)
    judged = judge_history([*events[:3], events[2], *events[3:]], PROMISE)
    assert {finding.checker for finding, _ in judged.findings} == {"at_most_once", "book_integrity"}
    assert judged.verdict is Verdict.INVALID


def test_unpromised_finding_is_listed_and_does_not_decide() -> None:
    """A lock that lets the second caller execute again keeps its own promise."""
    twice = [*executed("w1", 1), *executed("w2", 2, n=2)]
    judged = judge_history(twice, Promise.MUTUAL_EXCLUSION)
    assert judged.verdict is Verdict.VALID
    assert ("at_most_once", False) in {(finding.checker, promised) for finding, promised in judged.findings}


def test_guard_that_never_executes_is_invalid_under_every_promise() -> None:
    """No promise is kept by doing nothing. How often a job may be tried is judged by terms."""
    terms = RetryTerms(attempts=3, cooldown_s=1.0, longest_s=2.0)
    for promise in Promise:
        begun: list[Event] = [terms] if promise is Promise.RETRY_POLICY else []
        events = [*begun, *answered("w1", 1, Outcome.FAIL, "refused")]
        assert judge_history(events, promise).verdict is Verdict.INVALID
