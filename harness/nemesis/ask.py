"""ask: the slot of the struck key is on its way to another node of the cluster, and the key is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import error_of
from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.site import Need
from harness.nemesis.slots import Slot

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site) -> Injection:
    """Begin to move the key's slot, and move its keys."""
    slot = Slot(site.nodes, site.key)

    def look() -> str:
        answered = error_of(slot.home, "GET", site.key)
        return f"the node that has the slot of {site.key} answered {answered!r}" if "AskError" in answered else ""

    return Injection(strike=slot.begin_move, look=look, heal=(slot.come_home,))


FAULT = RealFault(
    name="ask",
    what="The slot of the struck key is half moved: inside the block its node answers ASK, and the other node "
    "answers only who says ASKING.",
    witness="A GET at the node that has the slot is answered ASK.",
    demand="Must find the key at the other node, or answer with an error. May not take the answer for a key that is "
    "not there.",
    heals="The slot and its keys are where they were.",
    blast_radius="The keys of one slot of a cluster of ours.",
    needs=frozenset({Need.CLUSTER, Need.KEY}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
