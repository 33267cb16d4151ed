"""What was acknowledged is in the audit, once, and in an order that its own reader finds whole."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from verify.history.words import Finding, Outcome, Verdict

if TYPE_CHECKING:
    from verify.history.history import History

NAME = "audit_complete"
CLAIM = "The audit can be read to its end, and holds intent and outcome of every act that was answered OK, once."


def check(history: History) -> list[Finding]:
    """Return one finding for each audit that is damaged, and for each act of which it holds not one of each."""
    reads = history.audit_reads
    damaged = [f"the audit cannot be read to its end: {event.problem}" for event in reads if event.problem]
    if damaged or not reads:
        return [_finding(sentence) for sentence in damaged]
    held = Counter((event.key, event.side) for event in history.audited)
    findings = []
    for operation in history.operations:
        counts = held[operation.key, "intent"], held[operation.key, "outcome"]
        is_acknowledged = operation.outcome is Outcome.OK
        if max(counts) > 1 or (is_acknowledged and counts != (1, 1)):
            who = f"process {operation.process} (operation {operation.number})"
            answer = "was answered OK" if is_acknowledged else "was not answered OK"
            said = f"the audit holds its intent {counts[0]} times and its outcome {counts[1]} times"
            findings.append(_finding(f"{who} {answer} for key {operation.key}, and {said}", operation.number))
    return findings


def _finding(sentence: str, *operations: int) -> Finding:
    return Finding(checker=NAME, verdict=Verdict.INVALID, sentence=sentence, operations=operations)
