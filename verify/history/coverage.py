"""Where faults could have struck in an exploration, and where they did. It counts, and judges nothing.

A *boundary* is a place before or at a step: the nth one of a worker, or one of a recovery. Faults of the world strike
no step, but a key, the store, or time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verify.history.record import ExplorationRecord

_BOUNDARY = re.compile(r"(\d+|recovery) \S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Where faults could have struck, and where they did.

    Attributes:
        boundaries: Boundaries at which a kind could strike.
        boundaries_hit: Those of them at which every kind struck that could.
        kinds: The kinds that could strike at boundaries.
        world: Places of faults of the world: keys, the store, time.
        world_hit: Those of them that every kind struck that could.
        world_kinds: The kinds that could strike those.
        possible: Pairs of a kind and a place that it could strike.
        hit: Those of them that were hit.
        not_hit: The others, as ``kind at place``.
        nowhere: Kinds of the bound that could strike nowhere, though they could be done here.
    """

    boundaries: int
    boundaries_hit: int
    kinds: tuple[str, ...]
    world: int
    world_hit: int
    world_kinds: tuple[str, ...]
    possible: int
    hit: int
    not_hit: tuple[str, ...]
    nowhere: tuple[str, ...]

    def to_object(self) -> dict[str, Any]:
        """Return the figures as a JSON object."""
        return {
            "boundaries": self.boundaries,
            "boundaries_hit": self.boundaries_hit,
            "kinds": list(self.kinds),
            "world": self.world,
            "world_hit": self.world_hit,
            "world_kinds": list(self.world_kinds),
            "possible": self.possible,
            "hit": self.hit,
            "not_hit": list(self.not_hit),
            "nowhere": list(self.nowhere),
        }


def coverage(record: ExplorationRecord) -> Coverage:
    """Return what a record says of its places. A place that was hit could be hit, whatever else the record says."""
    hit = {(kind, place) for kind, places in record.hits.items() for place, count in places.items() if count}
    possible = {(kind, place) for kind, places in record.applicable.items() for place in places} | hit
    missed = sorted(possible - hit)
    open_places = {place for _, place in missed}
    places = {place for _, place in possible}
    boundaries = {place for place in places if _BOUNDARY.match(place)}
    striking = {kind for kind, place in possible if place in boundaries}
    elsewhere = {kind for kind, place in possible if place not in boundaries}
    return Coverage(
        boundaries=len(boundaries),
        boundaries_hit=len(boundaries - open_places),
        kinds=tuple(sorted(striking)),
        world=len(places - boundaries),
        world_hit=len(places - boundaries - open_places),
        world_kinds=tuple(sorted(elsewhere)),
        possible=len(possible),
        hit=len(hit),
        not_hit=tuple(f"{kind} at {place}" for kind, place in missed),
        nowhere=tuple(sorted(set(record.bound.kinds) - striking - elsewhere - set(record.unavailable))),
    )
