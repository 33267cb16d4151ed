"""The book, the requests and the answers tell one story. An assumption: else, the record decides nothing.

Every finding is UNKNOWN, never INVALID: a damaged record is no evidence against the subject.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from verify.history.words import Finding, Verdict

if TYPE_CHECKING:
    from verify.history.history import History, Operation

NAME = "book_integrity"
CLAIM = (
    "The book is numbered without a gap, every line has its call, every request its operation, and every receipt "
    "that was told is that of its line, and known before it is answered."
)


def check(history: History) -> list[Finding]:
    """Return one UNKNOWN finding for each contradiction between the venue's book and the recorded calls."""
    return [
        *_gaps(history),
        *_unexplained(history),
        *_unknown_receipts(history),
        *_foreign_requests(history),
        *_foreknown(history),
    ]


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
    written = {line.call.position: line.event.receipt for line in history.landings if line.call is not None}
    findings = []
    for call in history.calls:
        if call.reply is None or call.replied_at is None:
            continue
        answer, receipt = call.reply.answer, call.reply.receipt
        position = landed_at[call.event.key].get(receipt)
        if answer != "receipt":
            lack = "" if receipt is None else f", although the answer was {answer}"
        elif receipt is None or position is None or position > call.replied_at:
            lack = ", which no line of the book before it carries"
        else:
            # A venue that knows an order id gives the first receipt again, and lands nothing.
            own = written.get(call.position, receipt)
            lack = "" if own == receipt else f", while the line that it made carries {own}"
        if lack:
            who = f"process {call.event.process} (operation {call.event.op})"
            findings.append(
                _damaged(f"{who} was told receipt {receipt} for key {call.event.key}{lack}", call.event.op)
            )
    return findings


def _foreign_requests(history: History) -> list[Finding]:
    """Return a finding for each operation whose requests are of another key or kind, or are not numbered from 1."""
    findings = []
    for operation in history.operations:
        if not operation.calls or _is_plain(operation):
            continue
        what = (operation.key, operation.effect_type)
        other = next(
            (each.event for each in operation.calls if (each.event.key, each.event.effect_type) != what), None
        )
        numbers = sorted(call.event.call for call in operation.calls)
        who = f"process {operation.process} (operation {operation.number})"
        if other is not None:
            asked, called = (
                f"{other.effect_type} of key {other.key}",
                f"{operation.effect_type} of key {operation.key}",
            )
            findings.append(_damaged(f"{who} asked for {asked}, but was called for {called}", operation.number))
        elif numbers != list(range(1, len(numbers) + 1)):
            said = ", ".join(map(str, numbers))
            findings.append(
                _damaged(f"the requests of {who} are numbered {said}, not 1 to {len(numbers)}", operation.number)
            )
    return findings


def _is_plain(operation: Operation) -> bool:
    """Say whether it is as most are: one request, of its own key and kind."""
    first = operation.calls[0].event
    return (
        len(operation.calls) == 1
        and first.call == 1
        and first.key == operation.key
        and first.effect_type == operation.effect_type
    )


def _foreknown(history: History) -> list[Finding]:
    """Return a finding for each operation that was answered with a receipt before anybody was told it."""
    told_at: dict[tuple[str, str], int] = {}
    for call in history.calls:
        if call.reply is not None and call.replied_at is not None and call.reply.receipt is not None:
            receipt = (call.event.key, call.reply.receipt)
            told_at[receipt] = min(call.replied_at, told_at.get(receipt, call.replied_at))
    return [
        _damaged(
            f"process {operation.process} (operation {operation.number}) was answered with receipt "
            f"{operation.completion.result} before anybody was told it",
            operation.number,
        )
        for operation in history.operations
        if operation.completion is not None
        and operation.completion.result is not None
        and any(call.reply and call.reply.receipt == operation.completion.result for call in operation.calls)
        and told_at[operation.key, operation.completion.result] > (operation.completed_at or 0)
        and not history.may_have_been_asked_for(operation.key)
    ]


def _damaged(contradiction: str, *operations: int) -> Finding:
    sentence = f"the book and the calls contradict each other, so the record was damaged: {contradiction}"
    return Finding(checker=NAME, verdict=Verdict.UNKNOWN, sentence=sentence, operations=operations)
