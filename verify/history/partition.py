"""A long history in pieces that can be judged one after the other: the same verdict, in a small working set.

No question is asked across keys, so that each key's events may be judged apart from the others'. A history that
begins with terms stays whole: they hold for all that follows. Keys are put together until it is worth it. A piece
holds the phases in which something of it happened, and of every other phase the first of its name; the deaths
of the processes that act in it; and the first piece all faults, every other one the first fault, so that none looks
faultless. Positions stay those of the whole history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.history.events import (
    Audited,
    BreakerTerms,
    Complete,
    Died,
    EffectCall,
    EffectReply,
    Event,
    Invoke,
    Landed,
    Phase,
    Reconciled,
    RetryTerms,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PIECE = 1024
"""Events of one piece, about: what a processor's cache holds with room to spare."""


_OF_OPERATION = (Complete, EffectReply)
_OF_KEY = (EffectCall, Landed, Reconciled, Audited)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some keys' events, in order, with their positions in the whole history."""

    positions: Sequence[int]
    events: Sequence[Event]


def partition(events: Sequence[Event], *, piece: int = PIECE) -> Iterator[Piece]:
    """Yield pieces that together hold every event of every key exactly once; a short history is one piece."""
    if len(events) <= piece or isinstance(events[0], BreakerTerms | RetryTerms):
        yield Piece(range(len(events)), events)
        return
    sorter = _Sorter(piece)
    for position, event in enumerate(events):
        sorter.take(position, event)
    faults = sorter.faults
    # What concerns no key is in every piece, and makes none of its own beside others.
    for group in [group for group in sorter.groups if group] or sorter.groups[:1]:
        positions = sorted({*group, *sorter.first_phases.values(), *faults})
        faults = faults[:1]
        yield Piece(positions, [events[position] for position in positions])


class _Sorter:
    """Puts each event's position where its key is, and what concerns several keys aside."""

    def __init__(self, piece: int) -> None:
        self._newest: list[int] = []
        self.groups = [self._newest]
        self.first_phases: dict[str, int] = {}
        self.faults: list[int] = []
        self._piece = piece
        self._of_key: dict[str, list[int]] = {}
        self._of_operation: dict[int, list[int]] = {}
        self._of_process: dict[str, list[list[int]]] = {}
        self._dead: set[str] = set()
        self._phase = -1

    def take(self, position: int, event: Event) -> None:
        """File one event."""
        if isinstance(event, _OF_OPERATION):
            self._file(position, self._of_operation.get(event.op, self._newest))
        elif isinstance(event, Invoke):
            self._file(position, self._group_of(event))
        elif isinstance(event, _OF_KEY):
            self._file(position, self._of_key.setdefault(event.key, self._newest))
        elif isinstance(event, Died):
            self._dead.add(event.process)
            for group in self._of_process.get(event.process, [self._newest]):
                group.append(position)
        elif isinstance(event, Phase):
            self._phase = position
            self.first_phases.setdefault(event.name, position)
        else:
            self.faults.append(position)
        if len(self._newest) >= self._piece:
            self._newest = []
            self.groups.append(self._newest)

    def _file(self, position: int, group: list[int]) -> None:
        """Put an event into its group, behind the phase in which it happened."""
        # A group grows in the order of the history: what it holds of this phase stands at its end.
        if self._phase >= 0 and (not group or group[-1] < self._phase):
            group.append(self._phase)
        group.append(position)

    def _group_of(self, event: Invoke) -> list[int]:
        """Return where a call belongs; one that should not be is put where the other half of the contradiction is."""
        group = self._of_key.setdefault(event.key, self._newest)
        acted = self._of_process.setdefault(event.process, [])
        if event.process in self._dead and acted:
            group = acted[-1]
        group = self._of_operation.setdefault(event.op, group)
        if not acted or acted[-1] is not group:
            acted.append(group)
        return group
