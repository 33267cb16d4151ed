"""Which call to the venue made which line of the book. Never guesses a call that could not have made the line.

The book names a process, not an operation, so a line is tied to the call that explains it: same process, key,
payload, effect type, order id and fence, asked before the line was written. A receipt decides first. Without one,
a call that was still open when the line was written is preferred to one that had already timed out.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from verify.history.events import EffectCall, EffectReply, Landed

_Signature = tuple[str, str, str, str, str | None, int | None]


class Call(Struct, frozen=True, kw_only=True):
    """One request to the venue, and what the process was told.

    Attributes:
        position: Index of the request among the history's events.
        event: The request.
        reply: What the process was told; None if it was never told anything.
        replied_at: Index of the reply; None without one.
    """

    position: int
    event: EffectCall
    reply: EffectReply | None
    replied_at: int | None

    @property
    def was_rejected(self) -> bool:
        """The venue said that the effect was certainly not done."""
        return self.reply is not None and self.reply.answer == "rejected"


def _signature(event: EffectCall | Landed) -> _Signature:
    return (event.process, event.key, event.payload, event.effect_type, event.order_id, event.fence)


def explain(book: Iterable[tuple[int, Landed]], calls: Sequence[Call]) -> dict[int, Call]:
    """Map the position of each explained line of the book to its call; each call explains at most one line.

    Args:
        book: The lines with their positions, in landing order.
        calls: Every call of the history, in the order of the requests.
    """
    lines = list(book)
    explained = _by_receipt(lines, calls)
    if len(explained) == len(lines) == len(calls):
        return explained
    taken = {call.position for call in explained.values()}
    waiting: dict[_Signature, list[Call]] = defaultdict(list)
    for call in calls:
        if call.position not in taken and not call.was_rejected:
            waiting[_signature(call.event)].append(call)
    pending: dict[_Signature, list[tuple[int, Landed]]] = defaultdict(list)
    for position, line in lines:
        if position not in explained:
            pending[_signature(line)].append((position, line))
    for signature, unexplained in pending.items():
        explained.update(_by_window(unexplained, waiting.get(signature, [])))
    return explained


def _by_receipt(lines: list[tuple[int, Landed]], calls: Sequence[Call]) -> dict[int, Call]:
    """Tie a call to the line whose receipt it was told, if the line was written while the call was open."""
    free: dict[tuple[_Signature, str], list[int]] = defaultdict(list)
    for position, line in reversed(lines):
        if line.receipt is not None:
            free[(_signature(line), line.receipt)].append(position)
    explained: dict[int, Call] = {}
    for call in calls:
        if call.reply is None or call.replied_at is None or call.reply.receipt is None:
            continue
        stack = free.get((_signature(call.event), call.reply.receipt), [])
        while stack and stack[-1] < call.position:
            stack.pop()
        if stack and stack[-1] < call.replied_at:
            explained[stack.pop()] = call
    return explained


def _by_window(lines: list[tuple[int, Landed]], calls: list[Call]) -> dict[int, Call]:
    """Tie the lines of one signature to its calls: the newest open call first, else the oldest closed one."""
    explained: dict[int, Call] = {}
    asked: list[Call] = []
    oldest = 0
    following = 0
    for position, _ in lines:
        while following < len(calls) and calls[following].position < position:
            asked.append(calls[following])
            following += 1
        if oldest == len(asked):
            continue
        newest = asked[-1]
        if newest.replied_at is None or newest.replied_at > position:
            explained[position] = asked.pop()
        else:
            explained[position] = asked[oldest]
            oldest += 1
    return explained
