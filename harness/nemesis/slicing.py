"""slicing: requests or replies arrive in small pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.figures import check_at_least
from harness.nemesis.site import Need
from harness.nemesis.toxics import Toxic, check_stream, seconds_of, toxic_injection

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_PIECES = 40
_TOLERANCE = 0.5


def plan(site: Site, *, bytes_each: int = 8, microseconds: int = 5_000, stream: str = "downstream") -> Injection:
    """Cut what passes into pieces of *bytes_each* (1 or more), *microseconds* (1000 or more) apart.

    Raises:
        WrongInputError: A figure is below, or *stream* is none.
    """
    check_at_least("slicing", 1, bytes_each=bytes_each)
    check_at_least("slicing", 1000, microseconds=microseconds)
    attributes = {"average_size": bytes_each, "size_variation": 0, "delay": microseconds}
    toxic = Toxic("slicer", check_stream("slicing", stream), attributes)
    least_s = _PIECES * microseconds / 1e6

    def meet() -> str:
        size = _PIECES * bytes_each
        (took_s,) = seconds_of(site.url_through_proxy, size, timeout_s=3 * least_s + 5)
        return f"an ECHO of {size} bytes took {took_s:.3f} s" if took_s > least_s * _TOLERANCE else ""

    return toxic_injection(site.the_proxy, [toxic], meet)


FAULT = RealFault(
    name="slicing",
    what="What passes on `stream` between workers and server arrives in pieces of `bytes_each`, `microseconds` "
    "apart.",
    witness="The toxic is read back from the Toxiproxy API, and an ECHO takes as long as its pieces.",
    demand="Must work as before. May not take half a reply for a whole one.",
    heals="The toxic is gone; connections stay open.",
    blast_radius="Connections through one proxy.",
    needs=frozenset({Need.PROXY}),
    providers=ANY,
    plan=plan,
)
inject = FAULT.inject
