"""A recorded history, indexed once in linear time for all checkers. Never repairs what the record got wrong."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from msgspec import Struct

from verify.history.attribution import Call, explain
from verify.history.events import (
    Audited,
    AuditRead,
    BreakerTerms,
    Complete,
    Died,
    EffectCall,
    EffectReply,
    Event,
    Fault,
    Invoke,
    Landed,
    Phase,
    Reconciled,
    RetryTerms,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from verify.history.words import Finding, Outcome

__all__ = ["Call", "History", "Landing", "MalformedHistoryError", "Operation"]


class MalformedHistoryError(ValueError):
    """The events contradict each other, so that no checker can read them as one history."""


class Operation(Struct, frozen=True, kw_only=True):
    """One call of the guard: the invocation, what it asked of the venue, and the answer.

    Attributes:
        number: The operation's number in the events.
        process: Who called.
        key: The key it called the guard with.
        payload: The payload it called the guard with.
        effect_type: The effect type it called the guard with.
        delivery: 0 for the first delivery, then 1, 2, ...
        invoked_at: Index of the invocation among the events.
        completion: The answer; None if none was given.
        outcome: The outcome of the answer; None if none was given.
        word: The word of the answer; empty if none was given.
        completed_at: Index of the answer; None without one.
        calls: Its requests to the venue, in order.
        died_at: Index of the death of its process; None if the process lives.
    """

    number: int
    process: str
    key: str
    payload: str
    effect_type: str
    delivery: int
    invoked_at: int
    completion: Complete | None
    outcome: Outcome | None
    word: str
    completed_at: int | None
    calls: tuple[Call, ...]
    died_at: int | None

    @property
    def ended_at(self) -> int | None:
        """Index of the answer, else of the death; None if the operation is open to the end of the history."""
        return self.died_at if self.completed_at is None else self.completed_at


class Landing(Struct, frozen=True, kw_only=True):
    """One line of the venue's book, and where it came from.

    Attributes:
        position: Index of the line among the events.
        event: The line.
        call: The request that explains it; None if none does.
        op: Number of the operation that landed it: the call's, else the process's latest one of that key before
            the line; None if there is none.
    """

    position: int
    event: Landed
    call: Call | None
    op: int | None


class _Sorter:
    """Sorts events by kind in one pass and refuses those that contradict an earlier one."""

    def __init__(self) -> None:
        self.invokes: dict[int, tuple[int, Invoke]] = {}
        self.completions: dict[int, tuple[int, Complete]] = {}
        self.calls: dict[tuple[int, int], tuple[int, EffectCall]] = {}
        self.replies: dict[tuple[int, int], tuple[int, EffectReply]] = {}
        self.book: list[tuple[int, Landed]] = []
        self.faults: list[tuple[int, Fault]] = []
        self.deaths: dict[str, int] = {}
        self.phases: list[tuple[int, Phase]] = []
        self.reconciliations: list[tuple[int, Reconciled]] = []
        self.audited: list[Audited] = []
        self.audit_reads: list[AuditRead] = []

    def take(self, positions: Sequence[int], events: Sequence[Event]) -> None:
        """File *events*, which stand at *positions*."""
        for position, event in zip(positions, events, strict=True):
            file = self._FILING.get(type(event))
            if file is not None:
                file(self, position, event)

    def _landed(self, position: int, event: Landed) -> None:
        self.book.append((position, event))

    def _fault(self, position: int, event: Fault) -> None:
        self.faults.append((position, event))

    def _died(self, position: int, event: Died) -> None:
        self.deaths.setdefault(event.process, position)

    def _phase(self, position: int, event: Phase) -> None:
        self.phases.append((position, event))

    def _reconciled(self, position: int, event: Reconciled) -> None:
        self.reconciliations.append((position, event))

    def _audited(self, _: int, event: Audited) -> None:
        self.audited.append(event)

    def _audit_read(self, _: int, event: AuditRead) -> None:
        self.audit_reads.append(event)

    def _invoke(self, position: int, event: Invoke) -> None:
        if event.op in self.invokes:
            raise MalformedHistoryError(
                f"operation number {event.op} is used twice (second time at event {position})"
            )
        if event.process in self.deaths:
            self._refuse_the_dead(position, event)
        self.invokes[event.op] = (position, event)

    def _complete(self, position: int, event: Complete) -> None:
        if event.op in self.completions:
            raise MalformedHistoryError(f"operation {event.op} is completed twice (second time at event {position})")
        self._refuse_strangers(position, event)
        if event.process in self.deaths:
            self._refuse_the_dead(position, event)
        self.completions[event.op] = (position, event)

    def _call(self, position: int, event: EffectCall) -> None:
        self._refuse_strangers(position, event)
        if (event.op, event.call) in self.calls:
            raise MalformedHistoryError(f"call {event.call} of operation {event.op} is made twice (event {position})")
        self.calls[(event.op, event.call)] = (position, event)

    def _reply(self, position: int, event: EffectReply) -> None:
        self._refuse_strangers(position, event)
        if (event.op, event.call) not in self.calls:
            raise MalformedHistoryError(
                f"a reply to call {event.call} of operation {event.op} at event {position}, which was never made"
            )
        if (event.op, event.call) in self.replies:
            raise MalformedHistoryError(
                f"call {event.call} of operation {event.op} is answered twice (event {position})"
            )
        self.replies[(event.op, event.call)] = (position, event)

    def _refuse_strangers(self, position: int, event: Complete | EffectCall | EffectReply) -> None:
        known = self.invokes.get(event.op)
        if known is None:
            raise MalformedHistoryError(
                f"{event.event} of operation {event.op} at event {position} without an invoke"
            )
        if known[1].process != event.process:
            raise MalformedHistoryError(
                f"operation {event.op} belongs to process {known[1].process}, "
                f"yet the {event.event} at event {position} says {event.process}"
            )

    def _refuse_the_dead(self, position: int, event: Invoke | Complete) -> NoReturn:
        raise MalformedHistoryError(
            f"process {event.process} died at event {self.deaths[event.process]}, "
            f"yet the {event.event} at event {position} is its own"
        )

    _FILING: ClassVar[Mapping[type[Event], Callable[[_Sorter, int, Any], None]]] = {
        Invoke: _invoke,
        Complete: _complete,
        EffectCall: _call,
        EffectReply: _reply,
        Landed: _landed,
        Fault: _fault,
        Died: _died,
        Phase: _phase,
        Reconciled: _reconciled,
        Audited: _audited,
        AuditRead: _audit_read,
    }
    """What is done with an event. Terms are looked for where they stand."""


class History:
    """The events of one run, and what the checkers ask of them.

    Raises:
        MalformedHistoryError: An operation number is used twice, an answer or a request to the venue has no
            invocation or comes twice, or a dead process calls or answers.
    """

    def __init__(self, events: Sequence[Event], positions: Sequence[int] | None = None) -> None:
        """Index *events*.

        Args:
            events: In the order of truth.
            positions: Where each stands in a longer history of which these are a piece; None counts from 0.
        """
        self.events: tuple[Event, ...] = tuple(events)
        """Every event, in the order of truth."""
        self.positions: Sequence[int] = range(len(self.events)) if positions is None else positions
        """The position of each event."""
        sorter = _Sorter()
        sorter.take(self.positions, self.events)
        calls = _calls_in_order(sorter)
        self.calls: tuple[Call, ...] = calls
        """Every request to the venue, in order."""
        self.operations: tuple[Operation, ...] = _operations(sorter, calls)
        """Every operation, in the order of the invocations."""
        self.landings: tuple[Landing, ...] = _landings(sorter.book, calls, self.operations)
        """Every line of the venue's book, in landing order."""
        self.faults: tuple[tuple[int, Fault], ...] = tuple(sorter.faults)
        """Every injected fault with its position."""
        self.deaths: Mapping[str, int] = sorter.deaths
        """Position of the death of each dead process."""
        self.phases: tuple[tuple[int, Phase], ...] = tuple(sorter.phases)
        """Every phase with the position at which it began."""
        self.reconciliations: tuple[tuple[int, Reconciled], ...] = tuple(sorter.reconciliations)
        """Every attempt to reconcile a key, with its position."""
        self.audited: tuple[Audited, ...] = tuple(sorter.audited)
        """Every record of the audit."""
        self.audit_reads: tuple[AuditRead, ...] = tuple(sorter.audit_reads)
        """Every end of the audit that was reached, or not."""
        self.breaker: BreakerTerms | None = next(
            (event for event in self.events[:1] if isinstance(event, BreakerTerms)), None
        )
        """The terms of the subject's circuit breaker; None where it keeps none."""
        self.retries: RetryTerms | None = next(
            (event for event in self.events[:1] if isinstance(event, RetryTerms)), None
        )
        """The terms on which the subject lets a job be tried; None where it keeps none."""
        self._operations_of: dict[str, list[Operation]] = defaultdict(list)
        self._last_delivery: dict[tuple[str, str], Operation] = {}
        for operation in self.operations:
            self._operations_of[operation.key].append(operation)
            self._last_delivery[(operation.key, operation.payload)] = operation
        self._died_idle = bool(self.deaths) and self._has_died_idle()
        self._landings_of: dict[str, list[Landing]] = defaultdict(list)
        for landing in self.landings:
            self._landings_of[landing.event.key].append(landing)

    @property
    def is_faultless(self) -> bool:
        """No fault was injected."""
        return not self.faults

    @property
    def last_deliveries(self) -> Mapping[tuple[str, str], Operation]:
        """The operation invoked last for each key and payload."""
        return self._last_delivery

    @property
    def called_keys(self) -> tuple[str, ...]:
        """The keys that the guard was called with, in the order of their first call."""
        return tuple(self._operations_of)

    @property
    def landed_keys(self) -> tuple[str, ...]:
        """The keys for which the book holds a line, in the order of their first landing."""
        return tuple(self._landings_of)

    def operations_of(self, key: str) -> Sequence[Operation]:
        """Return the operations of *key*, in the order of the invocations."""
        return self._operations_of.get(key, ())

    def landings_of(self, key: str) -> Sequence[Landing]:
        """Return the book's lines of *key*, in landing order."""
        return self._landings_of.get(key, ())

    def phase_of(self, finding: Finding) -> str:
        """Return the phase in which a promise was broken; empty if nobody knows.

        That is the phase of the event that broke it, where the finding names one: what a paused process or a late
        request did belongs to the phase in which it was done. Else it is the one in which the latest of the
        finding's operations was invoked.
        """
        at = finding.at
        if at is None:
            invoked = [self._invoked_at[number] for number in finding.operations if number in self._invoked_at]
            at = max(invoked, default=-1)
        return next((phase.name for position, phase in reversed(self.phases) if position < at), "")

    @cached_property
    def _invoked_at(self) -> Mapping[int, int]:
        return {operation.number: operation.invoked_at for operation in self.operations}

    def _has_died_idle(self) -> bool:
        inside = {each.process for each in self.operations if each.died_at is not None and each.completed_at is None}
        return bool(self.deaths.keys() - inside)

    def may_have_been_asked_for(self, key: str) -> bool:
        """Tell whether somebody may have asked the venue, for a reconciliation, what became of the effects of *key*.

        A process that died outside its operations may have done so, and left no trace.
        """
        return self._died_idle or any(event.key == key for _, event in self.reconciliations)

    def has_phase(self, name: str) -> bool:
        """Tell whether the run entered the phase *name*."""
        return any(phase.name == name for _, phase in self.phases)


def _calls_in_order(sorter: _Sorter) -> tuple[Call, ...]:
    calls = []
    for identity, (position, event) in sorter.calls.items():
        replied_at, reply = sorter.replies.get(identity, (None, None))
        calls.append(Call(position=position, event=event, reply=reply, replied_at=replied_at))
    return tuple(calls)


def _operations(sorter: _Sorter, calls: Sequence[Call]) -> tuple[Operation, ...]:
    calls_of: dict[int, list[Call]] = defaultdict(list)
    for call in calls:
        calls_of[call.event.op].append(call)
    completions, deaths = sorter.completions, sorter.deaths
    operations = []
    for number, (position, invoke) in sorter.invokes.items():
        completed_at, completion = completions.get(number, (None, None))
        operations.append(
            Operation(
                number=number,
                process=invoke.process,
                key=invoke.key,
                payload=invoke.payload,
                effect_type=invoke.effect_type,
                delivery=invoke.delivery,
                invoked_at=position,
                completion=completion,
                outcome=None if completion is None else completion.outcome,
                word="" if completion is None else completion.word,
                completed_at=completed_at,
                calls=tuple(calls_of[number]) if number in calls_of else (),
                died_at=deaths.get(invoke.process),
            )
        )
    return tuple(operations)


def _landings(
    book: Sequence[tuple[int, Landed]], calls: Sequence[Call], operations: Sequence[Operation]
) -> tuple[Landing, ...]:
    explained = explain(book, calls)
    latest: dict[tuple[str, str], int] = {}
    following = 0
    landings = []
    for position, event in book:
        while following < len(operations) and operations[following].invoked_at < position:
            operation = operations[following]
            latest[(operation.process, operation.key)] = operation.number
            following += 1
        call = explained.get(position)
        op = latest.get((event.process, event.key)) if call is None else call.event.op
        landings.append(Landing(position=position, event=event, call=call, op=op))
    return tuple(landings)
