"""Makes mutants of a recorded history: one event dropped, told twice, told after the next one, or with another value.

Pure, and complete for its operations: the same history gives the same mutants in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from verify.history.events import changed
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from verify.history.events import Event

_ANSWERS = ("receipt", "timeout", "rejected")
_PHASES = ("workload", "heal", "redeliver", "zombie", "settle")
_RECONCILED = ("resolved", "open", "error")
_ALTERNATIVES: dict[tuple[str, str], tuple[Any, ...]] = {
    ("complete", "outcome"): tuple(Outcome),
    ("effect_reply", "answer"): _ANSWERS,
    ("phase", "name"): _PHASES,
    ("reconciled", "answer"): _RECONCILED,
}
"""The values of a field that has but a few; each other one is tried."""
_TIME = "at_ns"
"""Real time; an exploration has none, and no checker of a guard reads it but through the order of events."""


class Operation(StrEnum):
    """What is done to one event."""

    DROP = "drop"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    CHANGE = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A history with one event that is not as it was recorded.

    Attributes:
        operation: What was done.
        at: The place of the event among the recorded ones.
        event: The event as it was recorded.
        field: The field that was changed; empty for other operations.
        value: Its new value.
        events: What the mutant tells.
    """

    operation: Operation
    at: int
    event: Event
    field: str = ""
    value: Any = None
    events: tuple[Event, ...]

    @property
    def words(self) -> str:
        """What was done, in words that are the same for all mutants of its kind."""
        what = f"{self.operation} {self.event.event}"
        return f"{what}.{self.field}" if self.field else what


def mutants_of(events: Sequence[Event]) -> Iterator[Mutant]:
    """Yield every mutant of a history, event by event."""
    told = tuple(events)
    for at, event in enumerate(told):
        before, after = told[:at], told[at + 1 :]
        yield Mutant(operation=Operation.DROP, at=at, event=event, events=(*before, *after))
        yield Mutant(operation=Operation.DUPLICATE, at=at, event=event, events=(*before, event, event, *after))
        if after and after[0] != event:
            swapped = (*before, after[0], event, *after[1:])
            yield Mutant(operation=Operation.REORDER, at=at, event=event, events=swapped)
        for field, value in _other_values(event, told):
            other = changed(event, **{field: value})
            yield Mutant(
                operation=Operation.CHANGE,
                at=at,
                event=event,
                field=field,
                value=value,
                events=(*before, other, *after),
            )


def _other_values(event: Event, told: Sequence[Event]) -> Iterator[tuple[str, Any]]:
    """Yield each field of an event with each value that is tried instead of its own."""
    for field in event.__struct_fields__:
        value = getattr(event, field)
        if value is None or field == _TIME:
            continue
        few = _ALTERNATIVES.get((event.event, field))
        if few is not None:
            yield from ((field, other) for other in few if other != value)
        elif isinstance(value, str):
            yield field, _another_text(event, field, value, told)
        elif isinstance(value, int | float):
            yield field, value + 1


def _another_text(event: Event, field: str, value: str, told: Sequence[Event]) -> str:
    """Return what another event of the history says in that field, or, if all say the same, what nobody says."""
    seen = (getattr(other, field, None) for other in told if other.event == event.event)
    return next((text for text in seen if isinstance(text, str) and text not in {"", value}), f"{value}~")
