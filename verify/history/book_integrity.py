"""The book and the calls tell one story. An assumption: where they do not, the record decides nothing.

Every finding is UNKNOWN, never INVALID: a damaged record is no evidence against the subject.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from verify.history.words import Finding, Verdict

if TYPE_CHECKING:
    from verify.history.history import History

NAME = "book_integrity"
CLAIM = "The book is numbered without a gap, every line has its call, and every receipt that was told is in it."


def check(history: History) -> list[Finding]:
    """Return one UNKNOWN finding for each contradiction between the venue's book and the recorded calls."""
    return [*_gaps(history), *_unexplained(history), *_unknown_receipts(history)]


def _gaps(history: History) -> list[Finding]:
    findings = []
    for key in history.landed_keys:
        numbers = [landing.event.n for landing in history.landings_of(key)]
        if numbers != list(range(1, len(numbers) + 1)):
            said = ", ".join(map(str, numbers))
            findings.append(_damaged(f"the book numbers the effects of key {key} {said}, not 1 to {len(numbers)}"))
    return findings


def _unexplained(history: History) -> list[Finding]:
    return [
        _damaged(
            f"the book holds effect number {landing.event.n} of key {landing.event.key} by process "
            f"{landing.event.process}, which no recorded call explains",
            *(() if landing.op is None else (landing.op,)),
        )
        for landing in history.landings
        if landing.call is None
    ]


def _unknown_receipts(history: History) -> list[Finding]:
    landed_at: dict[str, dict[str | None, int]] = defaultdict(dict)
    for landing in history.landings:
        landed_at[landing.event.key].setdefault(landing.event.receipt, landing.position)
    findings = []
    for call in history.calls:
        if call.reply is None or call.replied_at is None or call.reply.answer != "receipt":
            continue
        receipt = call.reply.receipt
        position = landed_at[call.event.key].get(receipt)
        if receipt is None or position is None or position > call.replied_at:
            findings.append(
                _damaged(
                    f"process {call.event.process} (operation {call.event.op}) was told receipt {receipt} for key "
                    f"{call.event.key}, which no line of the book before it carries",
                    call.event.op,
                )
            )
    return findings


def _damaged(contradiction: str, *operations: int) -> Finding:
    sentence = f"the book and the calls contradict each other, so the record was damaged: {contradiction}"
    return Finding(checker=NAME, verdict=Verdict.UNKNOWN, sentence=sentence, operations=operations)
