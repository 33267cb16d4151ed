"""OK means done and FAIL means not done. Holds the answer against the book, and INDETERMINATE claims nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.words import Finding, Outcome, Verdict

if TYPE_CHECKING:
    from verify.history.history import History, Landing, Operation

NAME = "truthful_outcome"
CLAIM = "An OK follows the effect it speaks of, and a FAIL did nothing and never will."


def check(history: History) -> list[Finding]:
    """Return one finding for each OK that came before its effect and each FAIL whose effect landed."""
    first_landing: dict[tuple[str, str], int] = {}
    landed_by: dict[int, Landing] = {}
    for landing in history.landings:
        first_landing.setdefault((landing.event.key, landing.event.payload), landing.position)
        if landing.op is not None:
            landed_by.setdefault(landing.op, landing)
    findings = []
    for operation in history.operations:
        if operation.completed_at is None:
            continue
        if operation.outcome is Outcome.OK:
            landed_at = first_landing.get((operation.key, operation.payload))
            if landed_at is None or landed_at > operation.completed_at:
                findings.append(_untrue_ok(operation, is_late=landed_at is not None))
        elif operation.outcome is Outcome.FAIL and operation.number in landed_by:
            findings.append(_untrue_fail(operation, landed_by[operation.number]))
    return findings


def _untrue_ok(operation: Operation, *, is_late: bool) -> Finding:
    truth = "the effect landed only afterwards" if is_late else "no effect of that key and payload ever landed"
    sentence = (
        f"process {operation.process} was told OK for key {operation.key} (operation {operation.number}), but {truth}"
    )
    return Finding(checker=NAME, verdict=Verdict.INVALID, sentence=sentence, operations=(operation.number,))


def _untrue_fail(operation: Operation, landing: Landing) -> Finding:
    said = " ".join(filter(None, ("FAIL", operation.word)))
    when = "before" if operation.completed_at is not None and landing.position < operation.completed_at else "after"
    sentence = (
        f"process {operation.process} was told {said} for key {operation.key} (operation {operation.number}), "
        f"but its own effect landed {when} that answer as number {landing.event.n}"
    )
    return Finding(checker=NAME, verdict=Verdict.INVALID, sentence=sentence, operations=(operation.number,))
