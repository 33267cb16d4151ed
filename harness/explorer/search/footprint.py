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

    def __reduce__(self) -> tuple[Any, ...]:
        """Let a copy in another process be interned there."""
        return _interned, (self.reads, self.writes, self.everything, self.enters, self.leaves)


@functools.cache
def footprint(
    reads: frozenset[str] = _NONE,
    writes: frozenset[str] = _NONE,
    *,
    everything: bool = False,
    enters: frozenset[str] = _NONE,
    leaves: frozenset[str] = _NONE,
) -> Footprint:
    """Return the one footprint with these attributes."""
    return Footprint(reads - writes, writes, everything, enters, leaves)


def _interned(*attributes: Any) -> Footprint:
    reads, writes, everything, enters, leaves = attributes
    return footprint(reads, writes, everything=everything, enters=enters, leaves=leaves)


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
