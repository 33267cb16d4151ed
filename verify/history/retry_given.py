"""A retry is refused for a reason, and a cooldown ends: a policy that lets nobody through keeps no promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.tries import COOLDOWN, EXHAUSTED, SLACK_NS, wait_ns
from verify.history.words import Finding, Outcome, Verdict

if TYPE_CHECKING:
    from verify.history.events import RetryTerms
    from verify.history.history import History, Operation

NAME = "retry_given"
CLAIM = "Who is refused a retry is refused it for tries that are used up, or for a cooldown that is not over yet."


def check(history: History) -> list[Finding]:
    """Return one finding for each refusal that nothing explains, and without faults for each that is no answer."""
    terms = history.retries
    if terms is None:
        return []
    reasons = _Reasons(history, terms)
    findings = []
    for operation in history.operations:
        lack = ""
        if _is_refused(operation):
            lack = reasons.lacking(operation)
        elif history.is_faultless and not operation.calls:
            lack = "was neither let through nor refused a retry"
        if lack:
            said = f"process {operation.process} (operation {operation.number}) {lack}, for the job {operation.key}"
            findings.append(
                Finding(checker=NAME, verdict=Verdict.INVALID, sentence=said, operations=(operation.number,))
            )
    return findings


def _is_refused(operation: Operation) -> bool:
    return operation.outcome is Outcome.FAIL and operation.word in {COOLDOWN, EXHAUSTED} and not operation.calls


class _Reasons:
    """Why a policy may have refused: what it may have counted by then, at the most."""

    def __init__(self, history: History, terms: RetryTerms) -> None:
        self._history = history
        self._terms = terms
        self._at_ns = {
            position: event.at_ns or 0 for position, event in zip(history.positions, history.events, strict=True)
        }
        self._landed: dict[str, list[int]] = {}
        for position, fault in history.faults:
            if fault.at == "landed" and fault.process is not None:
                self._landed.setdefault(fault.process, []).append(position)

    def lacking(self, refused: Operation) -> str:
        """Return what is wrong with a refusal; empty where something explains it."""
        until = refused.completed_at or 0
        asked = [each for each in self._history.operations_of(refused.key) if each.invoked_at < until]
        forgotten_by = max((_told_at(each) for each in asked if _is_forgetting(each, refused)), default=-1)
        counted = [position for each in asked for position in self._counts(each, until) if position > forgotten_by]
        if refused.word == EXHAUSTED:
            most = self._terms.attempts
            return (
                ""
                if len(counted) >= most
                else f"was told that all {most} tries were used up, and at most {len(counted)} were"
            )
        # A failure may be noted after a success that another try had, and begins a cooldown too.
        noted = [position for each in asked for position in _ends(each, until) if position > forgotten_by]
        latest = max([*counted, *noted], default=None)
        wait = wait_ns(self._terms, max(len(counted), 1)) + SLACK_NS
        if latest is not None and self._at_ns[refused.invoked_at] < self._at_ns[latest] + wait:
            return ""
        return "was told of a cooldown, and none could have lasted until then"

    def _counts(self, operation: Operation, until: int) -> list[int]:
        """Return by when an operation may have been counted at the latest: once, and once more when it came late."""
        late = [position for position in self._landed.get(operation.process, ()) if position < until]
        if _is_refused(operation):
            return late
        over = operation.calls[0].position if operation.calls else operation.ended_at
        return [until if over is None else min(over, until), *late]


def _ends(operation: Operation, until: int) -> list[int]:
    """Return by when the failure of a try may have been noted at the latest."""
    if not operation.calls:
        return []
    return [until if operation.ended_at is None else min(operation.ended_at, until)]


def _told_at(operation: Operation) -> int:
    return max((call.replied_at or -1 for call in operation.calls), default=-1)


def _is_forgetting(operation: Operation, refused: Operation) -> bool:
    """Say whether a success had surely let the count begin anew before another call was made."""
    return (
        operation.outcome is Outcome.OK
        and operation.completed_at is not None
        and operation.completed_at < refused.invoked_at
    )
