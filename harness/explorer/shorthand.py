"""Values that recur between two sides, told once and named by a number afterwards.

Two schedules of an exploration differ little: the same decisions could be taken, the same keys were touched. What one
side says is understood by the other only from the first message on.
"""

from __future__ import annotations

import marshal
import pickle
from typing import TYPE_CHECKING, Any

from harness.explorer.search.races import Event
from harness.explorer.search.tree import Ran

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

Words = list[int]
SaidOfRan = tuple[Words, Words, bool, bytes, list[tuple[int, bytes]]]


class Speaker:
    """One side: puts values into numbers."""

    def __init__(self, known: Sequence[Hashable] = ()) -> None:
        """Begin with values that the other side knows, in the order of their numbers."""
        self._numbers: dict[Hashable, int] = {value: number for number, value in enumerate(known)}
        self._new: list[Hashable] = []

    def number(self, value: Hashable) -> int:
        """Return the number of a value; one that is new is told with the next message."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self._numbers)
            self._new.append(value)
        return number

    def ran(self, ran: Ran) -> SaidOfRan:
        """Put what a schedule saw into numbers."""
        number = self.number
        path = [number(node) for node in ran.path]
        events = [number((event.actor, event.decision, min(event.node, 0), event.footprint)) for event in ran.events]
        return path, events, ran.is_vacuous, ran.came_to, list(ran.passed)

    def message(self, body: Any) -> bytes:
        """Return *body*, made of plain values and numbers, with what is new behind the numbers."""
        new, self._new = self._new, []
        return marshal.dumps((pickle.dumps(new) if new else b"", body))


class Hearer:
    """The other side: finds the values behind the numbers."""

    def __init__(self) -> None:
        self._values: list[Any] = []

    def heard(self, message: bytes) -> Any:
        """Return the body of a message, whose numbers are known from now on."""
        new, body = marshal.loads(message)  # noqa: S302 - from a process of our own
        if new:
            self._values += pickle.loads(new)  # noqa: S301 - from a process of our own
        return body

    def values(self) -> list[Any]:
        """Return the values that are known, in the order of their numbers."""
        return self._values

    def value(self, number: int) -> Any:
        """Return the value behind a number."""
        return self._values[number]

    def ran(self, said: SaidOfRan) -> Ran:
        """Return what a schedule saw."""
        values = self._values
        path, events, is_vacuous, came_to, passed = said
        happened = []
        node = 0
        for number in events:
            actor, decision, undecided, footprint = values[number]
            happened.append(Event(actor, decision, undecided or node, footprint))
            node += not undecided
        return Ran(
            path=[values[number] for number in path],
            events=happened,
            is_vacuous=is_vacuous,
            came_to=came_to,
            passed=tuple(passed),
        )
