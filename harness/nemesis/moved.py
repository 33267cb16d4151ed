"""moved: the slot of the struck key has gone to another node of the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import error_of
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.site import Need
from harness.nemesis.slots import Slot

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site) -> Injection:
    """Move the key's slot with all its keys to another node."""
    slot = Slot(site.nodes, site.key)

    def strike() -> None:
        slot.begin_move()
        slot.end_move()

    def look() -> str:
        answered = error_of(slot.home, "GET", site.key)
        return f"the node that had {site.key} answered {answered!r}" if answered.startswith("MovedError") else ""

    return Injection(strike=strike, look=look, heal=(slot.come_home,))


FAULT = RealFault(
    name="moved",
    what="The slot of the struck key moves to another node with all its keys: inside the block its node answers "
    "MOVED.",
    witness="A GET at the node that had the key is answered MOVED.",
    demand="Must find the key at the other node, or answer with an error. May not take the answer for a key that is "
    "not there.",
    heals="The slot and its keys are where they were.",
    blast_radius="The keys of one slot of a cluster of ours.",
    needs=frozenset({Need.CLUSTER, Need.KEY}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
