"""partition_replica: primary and replica do not hear each other, so that the replica falls behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.fault import OURS, Injection, RealFault
from harness.nemesis.partition import partition
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site, *, direction: str = "both") -> Injection:
    """Lose what passes between the replica and its primary: ``both``, ``requests`` (acknowledgements) or ``replies``.

    Raises:
        WrongInputError: *direction* is none of these.
    """
    proxy = site.the_replication
    return partition("partition_replica", proxy, f"redis://127.0.0.1:{proxy.port}", direction)


FAULT = RealFault(
    name="partition_replica",
    what="Between primary and replica the stream (`replies`), the acknowledgements (`requests`) or both are lost "
    "(`direction`); connections stay open.",
    witness="The toxics are read back from the Toxiproxy API, and a PING that takes that way is not answered.",
    demand="May refuse where it wants a replica's acknowledgement. What it acknowledged without one may be lost.",
    heals="The toxics are gone. The proxy closes the connection that lost bytes; the replica connects again and "
    "comes into sync.",
    blast_radius="The link between one primary and its replica.",
    needs=frozenset({Need.REPLICATION_PROXY}),
    providers=OURS,
    plan=plan,
)
inject = FAULT.inject
