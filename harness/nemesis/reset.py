"""reset: connections between workers and server end with a reset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.figures import check_at_least
from harness.nemesis.site import Need
from harness.nemesis.toxics import Toxic, check_stream, error_at, toxic_injection

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site, *, milliseconds: int = 0, stream: str = "downstream") -> Injection:
    """Reset every connection, *milliseconds* (0 or more) after it was opened or the toxic came.

    Raises:
        WrongInputError: *milliseconds* is below 0, or *stream* is none.
    """
    check_at_least("reset", 0, milliseconds=milliseconds)
    toxic = Toxic("reset_peer", check_stream("reset", stream), {"timeout": milliseconds})

    def meet() -> str:
        ended = error_at(site.url_through_proxy, timeout_s=milliseconds / 1e3 + 5)
        return f"a PING saw {ended!r}" if ended.startswith("ConnectionError") else ""

    return toxic_injection(site.the_proxy, [toxic], meet)


FAULT = RealFault(
    name="reset",
    what="Connections between workers and server end with a reset, `milliseconds` after they were opened.",
    witness="The toxic is read back from the Toxiproxy API, and a PING ends with a lost connection.",
    demand="May answer with an error or that it is in doubt. May not take a lost reply for a command not applied.",
    heals="The toxic is gone; new connections hold.",
    blast_radius="Connections through one proxy.",
    needs=frozenset({Need.PROXY}),
    providers=ANY,
    plan=plan,
)
inject = FAULT.inject
