"""OK means done and FAIL means not done. Holds the answer against the book, and INDETERMINATE claims nothing.

A request that timed out may have been done, and may still be. Nobody can say FAIL of it, unless somebody asked the
venue in between, which is what a reconciliation does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.words import Finding, Outcome, Verdict

if TYPE_CHECKING:
    from verify.history.history import Call, History, Landing, Operation

NAME = "truthful_outcome"
CLAIM = "An OK follows the effect it speaks of, a FAIL did nothing and never will, and no other payload is asked for."


def check(history: History) -> list[Finding]:
    """Return one finding for each OK before its effect, each FAIL without a ground, and each altered request."""
    first_landing: dict[tuple[str, str, str], int] = {}
    landed_by: dict[int, Landing] = {}
    for landing in history.landings:
        event = landing.event
        first_landing.setdefault((event.key, event.effect_type, event.payload), landing.position)
        if landing.op is not None:
            landed_by.setdefault(landing.op, landing)
    findings = []
    for operation in history.operations:
        if operation.calls:
            findings += _altered(operation)
        if operation.completed_at is None:
            continue
        if operation.outcome is Outcome.OK:
            landed_at = first_landing.get((operation.key, operation.effect_type, operation.payload))
            if landed_at is None or landed_at > operation.completed_at:
                findings.append(_untrue_ok(operation, is_late=landed_at is not None))
        elif operation.outcome is Outcome.FAIL and operation.number in landed_by:
            findings.append(_untrue_fail(operation, landed_by[operation.number]))
        elif operation.outcome is Outcome.FAIL:
            findings += _unfounded(operation, history)
    return findings


def _unfounded(operation: Operation, history: History) -> list[Finding]:
    """Return a finding for a FAIL that nobody could know to be true."""
    unknown = _unknown_call(operation)
    if unknown is None or history.may_have_been_asked_for(operation.key):
        return []
    return [_unfounded_fail(operation, unknown)]


def _unknown_call(operation: Operation) -> Call | None:
    """Return a request of which nobody had been told, by the answer, that it was certainly not done."""
    answered_at = operation.completed_at or 0
    return next(
        (
            call
            for call in operation.calls
            if not call.was_rejected or call.replied_at is None or call.replied_at > answered_at
        ),
        None,
    )


def _untrue_ok(operation: Operation, *, is_late: bool) -> Finding:
    truth = "the effect landed only afterwards" if is_late else "no effect of that key and payload ever landed"
    return _finding(operation, f"was told OK for key {operation.key} (operation {operation.number}), but {truth}")


def _untrue_fail(operation: Operation, landing: Landing) -> Finding:
    when = "before" if operation.completed_at is not None and landing.position < operation.completed_at else "after"
    return _finding(
        operation,
        f"was told {_fail(operation)} for key {operation.key} (operation {operation.number}), "
        f"but its own effect landed {when} that answer as number {landing.event.n}",
    )


def _unfounded_fail(operation: Operation, call: Call) -> Finding:
    return _finding(
        operation,
        f"was told {_fail(operation)} for key {operation.key} (operation {operation.number}), "
        f"but the venue had not refused its request at event {call.position}, so that nobody could know",
    )


def _altered(operation: Operation) -> list[Finding]:
    """Return a finding for the first request of another payload."""
    number, key = operation.number, operation.key
    for call in operation.calls:
        if call.event.payload != operation.payload:
            asked = f"asked the venue for payload {call.event.payload} of key {key} (operation {number})"
            return [_finding(operation, f"{asked}, but was called for payload {operation.payload}")]
    return []


def _fail(operation: Operation) -> str:
    return " ".join(filter(None, ("FAIL", operation.word)))


def _finding(operation: Operation, what: str) -> Finding:
    sentence = f"process {operation.process} {what}"
    return Finding(checker=NAME, verdict=Verdict.INVALID, sentence=sentence, operations=(operation.number,))
