"""Which pairs of steps of one schedule could have happened the other way round, and what must be tried for that.

Source sets after Abdulla, Aronis, Jonsson and Sagonas, "Optimal Dynamic Partial Order Reduction" (POPL 2014): a race
is a pair of dependent neighbours of different actors. It is reversed by letting something that does not depend on
the first one go before it. Nothing is to be done where such a beginning is tried already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from harness.explorer.search.footprint import Footprint, independent
from verify.decisions import GO_ON, is_late

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


UNDECIDED = -1
MISSED = -2


class Event(NamedTuple):
    """One thing that happened in a schedule.

    Attributes:
        actor: Who did it; steps of one actor never trade places.
        decision: The decision that let it happen; empty where nobody decided it.
        node: Which decision of the schedule that was, from 0; else ``UNDECIDED``, or ``MISSED`` for what could have
            happened until then and did not.
        footprint: What it touched.
    """

    actor: str
    decision: str
    node: int
    footprint: Footprint


class Race(NamedTuple):
    """A pair that could have happened the other way round.

    Attributes:
        node: The decision before which the second one must be tried.
        beginnings: The decisions with which a schedule that reverses the race may go on there.
    """

    node: int
    beginnings: tuple[str, ...]


def races(events: Sequence[Event], since: int) -> Iterator[Race]:
    """Yield the races whose second step is *events[since]* or later; earlier ones were seen in earlier schedules."""
    before = [0] * len(events)
    for second, event in enumerate(events):
        neighbours = []
        seen = 0
        for first in range(second - 1, -1, -1):
            other = events[first]
            if seen >> first & 1 or other.node == MISSED:
                continue
            if other.actor == event.actor:
                seen |= before[first] | 1 << first
            elif not independent(other.footprint, event.footprint):
                seen |= before[first] | 1 << first
                neighbours.append(first)
        before[second] = seen
        if second < since:
            continue
        for first in neighbours:
            # What nobody decided comes when it comes: only a late step may have waited until after it.
            if events[first].node >= 0 and (event.node != UNDECIDED or is_late(events[first].decision)):
                yield Race(events[first].node, tuple(_beginnings(events, before, first, second)))


def _beginnings(events: Sequence[Event], before: Sequence[int], first: int, second: int) -> Iterator[str]:
    """Yield what can come first among that which does not depend on *first*, from there up to *second*."""
    apart = 0
    for at in range(first + 1, second + 1):
        if at != second and (before[at] >> first & 1 or events[at].node == MISSED):
            continue
        if not before[at] & apart:
            yield events[at].decision if events[at].node != UNDECIDED else GO_ON
        apart |= 1 << at
