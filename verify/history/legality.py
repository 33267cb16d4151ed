"""Why a mutant of a good history may be good itself, although it is not what was recorded.

Each reason is asked of the mutant and of the recorded events. A reason that does not hold is not given: then the
mutant is one that nobody has noticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.events import (
    Complete,
    Died,
    EffectCall,
    EffectReply,
    Fault,
    Invoke,
    Landed,
    Phase,
    Reconciled,
)
from verify.history.mutants import Mutant, Operation
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Sequence

    from verify.history.events import Event

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

_LASTING = (Phase, Fault, Died, Reconciled)
"""Events that say what is so from here on, or has happened; not how often."""
_FOR_READERS = {
    ("complete", "detail"),
    ("fault", "at"),
    ("fault", "witness"),
    ("invoke", "delivery"),
    ("reconciled", "process"),
}


def why_legal(
    mutant: Mutant, found: Collection[str], *, beside: Collection[str], recorded: Container[Sequence[Event]]
) -> str:
    """Return why a mutant that no checker has noticed is legal; empty where no reason is known.

    Args:
        mutant: What was made.
        found: The checkers that find something in it; none of them decides.
        beside: Those that find something in the recorded history already.
        recorded: The histories that sound guards gave under the same promise.
    """
    if mutant.events in recorded:
        return RECORDED
    if set(found) - set(beside):
        return NOT_PROMISED
    return _BY_OPERATION[mutant.operation](mutant)


def _dropped(mutant: Mutant) -> str:
    event = mutant.event
    if isinstance(event, Invoke):
        return DID_NOTHING
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
    if _process_of(first) == _process_of(second):
        return ""
    if isinstance(first, Complete) and isinstance(second, Invoke):
        return OVERLAPS
    is_written = isinstance(first, Landed | EffectCall) and isinstance(second, Landed | EffectCall | Complete)
    return "" if is_written else SIDE_BY_SIDE


def _changed(mutant: Mutant) -> str:
    event = mutant.event
    if (event.event, mutant.field) in _FOR_READERS and mutant.value:
        return FOR_READERS
    if isinstance(event, Complete):
        return _changed_answer(event, mutant)
    if isinstance(event, EffectReply) and mutant.value == "timeout":
        return SAYS_LESS
    return _of_nobody(event)


def _changed_answer(event: Complete, mutant: Mutant) -> str:
    if mutant.value is Outcome.INDETERMINATE:
        return SAYS_LESS
    if mutant.value is Outcome.FAIL and not _has_called(event.op, mutant.events):
        return DID_NOTHING
    # The word says why something was not done.
    return FOR_READERS if mutant.field == "word" and event.outcome is Outcome.OK else ""


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


def _process_of(event: Event) -> str | None:
    process: str | None = getattr(event, "process", None)
    return process
