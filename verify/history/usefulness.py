"""A guard that never executes protects nothing. Asked only of histories without a fault, never of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.words import Finding, Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from verify.history.history import History, Operation

NAME = "usefulness"
CLAIM = "Where no fault was injected, every key is executed, answered OK, and still OK at its last delivery."


def check(history: History) -> list[Finding]:
    """Return one finding for each key that a faultless run left undone, unanswered or not OK at the end."""
    if not history.is_faultless:
        return []
    ends_well = {key for (key, _), operation in history.last_deliveries.items() if operation.outcome is Outcome.OK}
    findings = []
    for key in history.called_keys:
        operations = history.operations_of(key)
        if not history.landings_of(key):
            lack = "was never executed"
        elif all(operation.outcome is not Outcome.OK for operation in operations):
            lack = "was executed, but no caller was ever answered OK"
        elif key not in ends_well:
            lack = "was answered OK, but the last delivery of none of its payloads was"
        else:
            continue
        findings.append(
            Finding(
                checker=NAME,
                verdict=Verdict.INVALID,
                sentence=f"useless: key {key} {lack}, although no fault was injected{_raised(operations)}",
                operations=tuple(operation.number for operation in operations),
            )
        )
    return findings


def _raised(operations: Iterable[Operation]) -> str:
    """Name what the callers were answered instead, in the order of the answers."""
    answers = [operation.completion.detail for operation in operations if operation.completion is not None]
    names = dict.fromkeys(filter(None, answers))
    return f"; it raised {', '.join(names)}" if names else ""
