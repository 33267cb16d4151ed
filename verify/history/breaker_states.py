"""What state a circuit breaker must have been in, as far as its calls show. Never says more than they do.

A breaker is seen from outside: failures that were told and whose calls were answered were counted by then, whoever
was let through was let through between its invocation and its request to the venue. Where the order of two of these
decides and nobody knows it, nothing is said from there on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from verify.history.events import Complete, Died, EffectCall, EffectReply

if TYPE_CHECKING:
    from verify.history.events import BreakerTerms, Event
    from verify.history.history import History, Operation

OPEN = "open"
"""The word of a call that the breaker did not let through."""
UNRECORDED = "unrecorded"
"""The word of a call that was made, and of which the breaker may not have been told how it ended."""
SLACK_NS = 50_000_000
"""Clocks of a millisecond, and what lies between a clock's reading and its use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A call that should not have been let through.

    Attributes:
        operation: Whose call.
        at: Index of the call.
        since: Index of the event by which the breaker was open.
        beside: The probes that were under way; empty where it was open.
    """

    operation: Operation
    at: int
    since: int
    beside: tuple[int, ...] = ()


class _State(Enum):
    CLOSED = "closed"
    TRIPPED = "open, or half open when its time is over"
    CLOSING = "a probe has succeeded, and may have told it"
    UNSURE = "nobody knows"


def breaches(history: History) -> list[Breach]:
    """Return the calls that were made against the terms of the history's breaker; none where it keeps none."""
    if history.breaker is None:
        return []
    walk = _Walk(history, history.breaker)
    for position, event in zip(history.positions, history.events, strict=True):
        walk.take(position, event)
    return walk.found


def lease_ns(terms: BreakerTerms) -> int:
    """Return for how long it is open, and for how long a permit lasts."""
    return int(terms.lease_s * 1e9)


class _Walk:
    """One way through a history, in its order."""

    def __init__(self, history: History, terms: BreakerTerms) -> None:
        self.found: list[Breach] = []
        self._terms = terms
        self._lease_ns = lease_ns(terms)
        self._operations = {operation.number: operation for operation in history.operations}
        self._at_ns = {
            position: event.at_ns or 0 for position, event in zip(history.positions, history.events, strict=True)
        }
        self._state = _State.CLOSED
        self._told: dict[int, tuple[int, str]] = {}
        self._since = -1
        """Since when it is in its state, for sure."""
        self._failures: list[int] = []
        """Failures that were told since it may have been closed, counted or not."""
        self._counted = 0
        self._called: list[Operation] = []
        self._opened_at = -1
        self._until_ns = 0
        self._probes: dict[int, Operation] = {}
        self._closer = -1

    def take(self, position: int, event: Event) -> None:
        """Go one event further."""
        match event:
            case EffectCall():
                self._call(position, self._operations[event.op])
            case EffectReply():
                self._told[event.op] = (position, event.answer)
                self._reply(position, self._operations[event.op], event.answer)
            case Complete():
                self._probes.pop(event.op, None)
                self._complete(position, self._operations[event.op], is_recorded=event.word != UNRECORDED)
            case Died():
                for number in [number for number, probe in self._probes.items() if probe.process == event.process]:
                    del self._probes[number]

    def _call(self, position: int, operation: Operation) -> None:
        self._called.append(operation)
        if self._state is not _State.TRIPPED:
            return
        now_ns = self._at_ns[position]
        if operation.invoked_at > self._opened_at and now_ns < self._until_ns - SLACK_NS:
            self.found.append(Breach(operation=operation, at=position, since=self._opened_at))
        elif operation.invoked_at > self._since:
            # The last of these permits was given by now, and then all of them still ran.
            running = tuple(n for n, probe in self._probes.items() if self._holds_permit(probe, now_ns))
            if self._holds_permit(operation, now_ns) and len(running) >= self._terms.probes:
                self.found.append(Breach(operation=operation, at=position, since=self._opened_at, beside=running))
            self._probes[operation.number] = operation

    def _reply(self, position: int, operation: Operation, answer: str) -> None:
        self._probes.pop(operation.number, None)
        if answer == "timeout" and self._state in {_State.CLOSED, _State.CLOSING}:
            self._failures.append(position)
        elif answer == "receipt":
            if self._state is _State.TRIPPED and operation.invoked_at > self._since:
                self._state, self._closer = _State.CLOSING, operation.number
                self._failures, self._counted = [], 0
            elif self._state is _State.CLOSED and self._failures and self._terms.failures > 1:
                # Some breakers count failures in a row, others those of a window.
                self._state = _State.UNSURE

    def _complete(self, position: int, operation: Operation, *, is_recorded: bool) -> None:
        told_at, answer = self._told.get(operation.number, (-1, ""))
        has_failed = answer == "timeout" and is_recorded
        in_time = self._holds_permit(operation, self._at_ns[position])
        if self._state is _State.CLOSING and operation.number == self._closer:
            self._state = _State.CLOSED if is_recorded and in_time else _State.UNSURE
            self._since = position
        elif self._state is _State.CLOSED and has_failed and operation.invoked_at > self._since:
            self._counted += 1
            if self._counted >= self._terms.failures:
                self._trip(position)
        elif self._state is _State.TRIPPED and has_failed and in_time and operation.invoked_at > self._since:
            self._opened_at, self._until_ns = position, self._at_ns[told_at] + self._lease_ns

    def _trip(self, position: int) -> None:
        """Open: not before the failure that could have been the last one that it needed."""
        earliest = self._failures[self._terms.failures - 1]
        if any(operation.invoked_at > earliest for operation in self._called):
            # It may have been a probe, if this call was told of its failure long ago.
            self._state = _State.UNSURE
            return
        self._state, self._since, self._opened_at = _State.TRIPPED, position, position
        self._until_ns = self._at_ns[earliest] + self._lease_ns
        self._probes = {}

    def _holds_permit(self, operation: Operation, now_ns: int) -> bool:
        """Say whether a permit that was given after the invocation is surely not over."""
        return now_ns < self._at_ns[operation.invoked_at] + self._lease_ns - SLACK_NS
