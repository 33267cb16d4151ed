"""Why a mutant of a good history may be good itself, although it is not what was recorded.

Each reason is asked of the mutant and of the recorded events. A reason that does not hold is not given: then the
mutant is one that nobody has noticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history import replay_equality
from verify.history.events import (
    BreakerTerms,
    Complete,
    Died,
    EffectCall,
    EffectReply,
    Fault,
    Invoke,
    Landed,
    Phase,
    Reconciled,
    RetryTerms,
)
from verify.history.history import History
from verify.history.mutants import Mutant, Operation
from verify.history.promises import PROMISED
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Sequence

    from verify.history.events import Event
    from verify.history.promises import Promise

RECORDED = "a sound guard gave exactly this history in another schedule"
NOT_PROMISED = "some checker finds what it breaks, but the guard does not promise that"
TWICE = "it says twice what is so from then on"
SAYS_LESS = "it claims less: an answer that is in doubt, or was never heard, leaves all open"
MAY_BE_LOST = "the effect may have been lost: no caller was told of it"
DID_NOTHING = "the call did nothing, so that it may have been refused, or never made"
SIDE_BY_SIDE = "neither of the two events waited for the other: their processes ran side by side"
OVERLAPS = "the two calls overlap now: which came first is no longer said"
OF_HARNESS = "it is no deed of the guard: the run is in another phase, or something else went wrong"
SILENT = "a death says that nothing more comes of a process, and nothing came"
FOR_READERS = "no promise speaks of it: it is for the reader"
OTHER_REASON = (
    "it did nothing, or claims nothing, for another reason: where a promise asks for that one, it is as good"
)
OTHER_TERMS = "terms are no deed of the guard: it is measured by others now, and keeps them too"
LANDED_ANYWAY = "what comes to the venue lands there, whether the caller has answered by then or not"
NOT_WAITED_FOR = "it answered before the venue did, and claimed no more than was known by then"
FOUND_OUT = "its key was reconciled: whoever did it may have found out that nothing was done"
REFUSED = "the venue had refused whatever was asked for, and had said so: it claims what was known"
UNHEARD = "nobody was ever told of this receipt"
OF_NO_RESULT = "the guard promises nothing of results, nor whose effect an OK speaks of: one had landed by then"

_LASTING = (Phase, Fault, Died, Reconciled, BreakerTerms, RetryTerms)
"""Events that say what is so from here on, or has happened; not how often."""
_FOR_READERS = {
    ("complete", "detail"),
    ("fault", "at"),
    ("fault", "witness"),
    ("invoke", "delivery"),
    ("reconciled", "answer"),
    ("reconciled", "key"),
    ("reconciled", "process"),
}


def why_legal(
    mutant: Mutant,
    found: Collection[str],
    *,
    beside: Collection[str],
    recorded: Container[Sequence[Event]],
    promise: Promise,
) -> str:
    """Return why a mutant that no checker has noticed is legal; empty where no reason is known.

    Args:
        mutant: What was made.
        found: The checkers that find something in it; none of them decides.
        beside: Those that find something in the recorded history already.
        recorded: The histories that sound guards gave under the same promise.
        promise: That promise.
    """
    if mutant.events in recorded:
        return RECORDED
    if set(found) - set(beside):
        return NOT_PROMISED
    if _is_of_results(mutant) and replay_equality.NAME not in PROMISED[promise]:
        return OF_NO_RESULT
    return _BY_OPERATION[mutant.operation](mutant)


def _is_of_results(mutant: Mutant) -> bool:
    """Say whether another result was given, or an OK where nothing had been done by the call itself."""
    event = mutant.event
    return isinstance(event, Complete) and (mutant.field == "result" or mutant.value is Outcome.OK)


def _dropped(mutant: Mutant) -> str:
    event = mutant.event
    if isinstance(event, Invoke | EffectCall):
        # Nothing of the history speaks of it any more, or it could not be read.
        return DID_NOTHING
    if isinstance(event, Reconciled):
        return FOR_READERS
    if isinstance(event, Complete | EffectReply):
        return SAYS_LESS
    if isinstance(event, Landed):
        return MAY_BE_LOST
    return _of_nobody(event)


def _told_twice(mutant: Mutant) -> str:
    return TWICE if isinstance(mutant.event, _LASTING) else ""


def _reordered(mutant: Mutant) -> str:
    first, second = mutant.event, mutant.events[mutant.at]
    if reason := _of_nobody(first) or _of_nobody(second):
        return reason
    if isinstance(first, Reconciled) or isinstance(second, Reconciled):
        return FOR_READERS
    if isinstance(first, Complete) and isinstance(second, Invoke | Landed):
        return OVERLAPS if isinstance(second, Invoke) else LANDED_ANYWAY
    if _process_of(first) == _process_of(second):
        return NOT_WAITED_FOR if isinstance(first, EffectReply) and isinstance(second, Complete) else ""
    are_asked = isinstance(first, EffectCall) and isinstance(second, EffectCall)
    is_written = isinstance(first, Landed | EffectCall) and isinstance(second, Landed | EffectCall | Complete)
    return "" if is_written and not are_asked and _key_of(first) == _key_of(second) else SIDE_BY_SIDE


def _changed(mutant: Mutant) -> str:
    event = mutant.event
    if (event.event, mutant.field) in _FOR_READERS and mutant.value:
        return FOR_READERS
    if isinstance(event, BreakerTerms | RetryTerms):
        return OTHER_TERMS
    if isinstance(event, Complete):
        return _changed_answer(event, mutant)
    if isinstance(event, EffectCall | EffectReply | Landed):
        return _changed_at_venue(mutant)
    if isinstance(event, Invoke):
        return DID_NOTHING if _did_nothing(event.op, mutant.events) else ""
    return _of_nobody(event)


def _changed_at_venue(mutant: Mutant) -> str:
    """Return why a request, its reply or a line may be another: what landed and was told, the book holds to it."""
    if isinstance(mutant.event, Landed):
        return UNHEARD if mutant.field == "receipt" and not _is_told(mutant.event.receipt, mutant.events) else ""
    if isinstance(mutant.event, EffectReply) and mutant.value != "rejected":
        return SAYS_LESS if mutant.value == "timeout" else ""
    return DID_NOTHING


def _changed_answer(event: Complete, mutant: Mutant) -> str:
    if mutant.value is Outcome.INDETERMINATE:
        return SAYS_LESS
    if mutant.value is Outcome.FAIL:
        if not _has_called(event.op, mutant.events):
            return DID_NOTHING
        if _may_have_been_asked_for(event.op, mutant.events):
            return FOUND_OUT
        return REFUSED if _was_refused(event.op, mutant.events[: mutant.at]) else ""
    # The word says why something was not done.
    if mutant.field == "word":
        return FOR_READERS if event.outcome is Outcome.OK else OTHER_REASON
    return ""


_BY_OPERATION: dict[Operation, Callable[[Mutant], str]] = {
    Operation.DROP: _dropped,
    Operation.DUPLICATE: _told_twice,
    Operation.REORDER: _reordered,
    Operation.CHANGE: _changed,
}


def _of_nobody(event: Event) -> str:
    """Return why an event that is no deed of the guard may be missing, elsewhere or another one."""
    if isinstance(event, Phase | Fault):
        return OF_HARNESS
    return SILENT if isinstance(event, Died) else ""


def _has_called(op: int, events: Sequence[Event]) -> bool:
    return any(isinstance(event, EffectCall) and event.op == op for event in events)


def _may_have_been_asked_for(op: int, events: Sequence[Event]) -> bool:
    history = History(events)
    return any(each.number == op and history.may_have_been_asked_for(each.key) for each in history.operations)


def _was_refused(op: int, before: Sequence[Event]) -> bool:
    """Say whether the venue had refused each request of an operation, and had told it."""
    asked = {event.call for event in before if isinstance(event, EffectCall) and event.op == op}
    told = (event for event in before if isinstance(event, EffectReply) and event.op == op)
    return asked == {event.call for event in told if event.answer == "rejected"}


def _did_nothing(op: int, events: Sequence[Event]) -> bool:
    """Say whether an operation asked nothing of the venue, and was not answered OK."""
    is_done = any(isinstance(event, Complete) and event.op == op and event.outcome is Outcome.OK for event in events)
    return not is_done and not _has_called(op, events)


def _is_told(receipt: str | None, events: Sequence[Event]) -> bool:
    return any(
        (isinstance(event, EffectReply) and event.receipt == receipt)
        or (isinstance(event, Complete) and event.result == receipt)
        for event in events
    )


def _process_of(event: Event) -> str | None:
    process: str | None = getattr(event, "process", None)
    return process


def _key_of(event: Event) -> str | None:
    key: str | None = getattr(event, "key", None)
    return key
