"""What was acknowledged is done, and nothing stays stuck. Asks for an end state, never how it was reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.words import Finding, Outcome, Verdict

if TYPE_CHECKING:
    from verify.history.history import History, Operation

NAME = "nothing_lost"
CLAIM = "Every acknowledged effect is in the book, and redelivery ends in OK, a conflict or an explicit doubt."


def check(history: History) -> list[Finding]:
    """Return one finding for each acknowledged effect that is missing and for each key and payload that is stuck."""
    landed = {(landing.event.key, landing.event.payload) for landing in history.landings}
    findings = [
        _invalid(
            operation,
            f"acknowledged effect missing: process {operation.process} was told OK for key {operation.key} "
            f"(operation {operation.number}), but the book holds no effect of that key and payload",
        )
        for operation in history.operations
        if operation.outcome is Outcome.OK and (operation.key, operation.payload) not in landed
    ]
    if history.has_phase("redeliver"):
        findings += [
            _invalid(
                operation,
                f"stuck: the last delivery of key {operation.key} (operation {operation.number}, "
                f"process {operation.process}, delivery {operation.delivery}) {_answer(operation)}; "
                "OK, a conflict or an explicit doubt was due",
            )
            for operation in history.last_deliveries.values()
            if not _is_settled(operation)
        ]
    return findings


def _is_settled(operation: Operation) -> bool:
    if operation.outcome is None:
        return False
    return (
        operation.outcome is Outcome.OK
        or operation.word == "in_doubt"
        or (operation.outcome is Outcome.FAIL and operation.word == "conflict")
    )


def _answer(operation: Operation) -> str:
    if operation.completion is None:
        return "got no answer" if operation.died_at is None else "got no answer, for its process died"
    said = " ".join(filter(None, (operation.completion.outcome, operation.completion.word)))
    detail = operation.completion.detail
    return f"was answered {said} ({detail})" if detail else f"was answered {said}"


def _invalid(operation: Operation, sentence: str) -> Finding:
    return Finding(checker=NAME, verdict=Verdict.INVALID, sentence=sentence, operations=(operation.number,))
