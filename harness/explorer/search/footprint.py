"""What a step touched, and when two steps may trade places without anybody noticing.

Footprints are interned: equal ones are one object, so that comparing two is a look-up.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Footprint:
    """What one step touched. Make it with :func:`footprint`.

    Attributes:
        reads: Names of what it read and did not change.
        writes: Names of what it may have changed.
        everything: It conflicts with every other step: time passed, all connections broke, or nobody can tell.
        enters: The keys for which a process came to the venue, or an effect landed there.
        leaves: The keys of which a process that had come to the venue was told, answered or died, or somebody was
            answered OK. What the checkers ask of the order of events is the order of entering and leaving of a key.
    """

    reads: frozenset[str]
    writes: frozenset[str]
    everything: bool
    enters: frozenset[str]
    leaves: frozenset[str]

    @property
    def only_reads(self) -> bool:
        """Whether it changed nothing, and nobody asks when it happened."""
        return not (self.writes or self.everything or self.enters or self.leaves)

    def __reduce__(self) -> tuple[Any, ...]:
        """Let a copy in another process be interned there."""
        return _interned, (self.reads, self.writes, self.everything, self.enters, self.leaves)


def footprint(
    reads: frozenset[str] = _NONE,
    writes: frozenset[str] = _NONE,
    *,
    everything: bool = False,
    enters: frozenset[str] = _NONE,
    leaves: frozenset[str] = _NONE,
) -> Footprint:
    """Return the one footprint with these attributes."""
    return _interned(reads - writes, writes, everything, enters, leaves)


@functools.cache
def _interned(
    reads: frozenset[str], writes: frozenset[str], everything: bool, enters: frozenset[str], leaves: frozenset[str]
) -> Footprint:
    return Footprint(reads, writes, everything, enters, leaves)


NOTHING = footprint()
EVERYTHING = footprint(everything=True)


@functools.cache
def independent(one: Footprint, other: Footprint) -> bool:
    """Say whether two neighbouring steps of different processes give the same whichever comes first."""
    if one.everything or other.everything:
        return False
    return (
        one.enters.isdisjoint(other.leaves)
        and one.leaves.isdisjoint(other.enters)
        and one.writes.isdisjoint(other.writes)
        and one.writes.isdisjoint(other.reads)
        and one.reads.isdisjoint(other.writes)
    )
