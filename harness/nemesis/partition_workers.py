"""partition_workers: workers and server do not hear each other, and nobody is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.partition import partition
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site, *, direction: str = "both") -> Injection:
    """Lose what passes between workers and server: ``both``, ``requests`` or ``replies``.

    Raises:
        WrongInputError: *direction* is none of these.
    """
    return partition("partition_workers", site.the_proxy, site.url_through_proxy, direction)


FAULT = RealFault(
    name="partition_workers",
    what="Between workers and server requests, replies or both (`direction`) are lost; connections stay open.",
    witness="The toxics are read back from the Toxiproxy API, and a PING is not answered.",
    demand="May answer with an error or that it is in doubt. May not take silence for a command not applied.",
    heals="The toxics are gone. Connections that lost bytes are closed by the proxy; new ones hold.",
    blast_radius="Connections through one proxy.",
    needs=frozenset({Need.PROXY}),
    providers=ANY,
    plan=plan,
)
inject = FAULT.inject
