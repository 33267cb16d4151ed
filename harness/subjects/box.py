"""The subjects in the box, by name: the reference, the planted guards with their twins, third-party guards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.subjects.broken.registry import PLANTED
from harness.subjects.peers.registry import PEERS

if TYPE_CHECKING:
    from harness.subjects.peers.peer import Peer


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxed:
    """Where a subject in the box lives, and what it is.

    Attributes:
        place: As it would be given to ``--subject``.
        what: What it is.
        peer: What is known of a third-party guard without its package; None for guards of our own.
    """

    place: str
    what: str
    peer: Peer | None = None


def _planted() -> dict[str, Boxed]:
    found = {}
    for name, planted in PLANTED.items():
        place = f"harness.subjects.broken.{name}"
        found[f"broken.{name}"] = Boxed(place=f"{place}:make", what=planted.bug)
        found[f"twin.{name}"] = Boxed(place=f"{place}:make_twin", what=f"the twin without it: {planted.cure}")
    return found


def _third_party() -> dict[str, Boxed]:
    return {
        f"peer.{name}": Boxed(place=f"harness.subjects.peers.{name}:make", what=peer.what, peer=peer)
        for name, peer in PEERS.items()
    }


BOX: dict[str, Boxed] = {
    "reference": Boxed(place="harness.subjects.reference:make", what="the safety core that ships with stormproof"),
    "breaker": Boxed(place="harness.subjects.breaker:make", what="the core's circuit breaker, opened by 3 failures"),
    "breaker.touchy": Boxed(
        place="harness.subjects.breaker:make_touchy", what="the core's circuit breaker, opened by one failure"
    ),
    "retry_policy": Boxed(
        place="harness.subjects.retry_policy:make", what="the core's retry policy, which allows 4 tries"
    ),
    "retry_policy.short": Boxed(
        place="harness.subjects.retry_policy:make_short", what="the core's retry policy, which allows 2 tries"
    ),
    "retry_guard": Boxed(place="harness.subjects.retry_guard:make", what="the core's guard of jobs"),
    **_planted(),
    **_third_party(),
}
