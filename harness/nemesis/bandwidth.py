"""bandwidth: little fits through the way between workers and server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.figures import check_at_least
from harness.nemesis.site import Need
from harness.nemesis.toxics import Toxic, check_stream, seconds_of, toxic_injection

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_PROBE_S = 0.25
_TOLERANCE = 0.7


def plan(site: Site, *, kilobytes_per_s: int = 10, stream: str = "downstream") -> Injection:
    """Let *kilobytes_per_s* (1 or more) through.

    Raises:
        WrongInputError: *kilobytes_per_s* is below 1, or *stream* is none.
    """
    check_at_least("bandwidth", 1, kilobytes_per_s=kilobytes_per_s)
    toxic = Toxic("bandwidth", check_stream("bandwidth", stream), {"rate": kilobytes_per_s})
    size = int(kilobytes_per_s * 1000 * _PROBE_S)

    def meet() -> str:
        (took_s,) = seconds_of(site.url_through_proxy, size, timeout_s=_PROBE_S + 5)
        return f"an ECHO of {size} bytes took {took_s:.3f} s" if took_s > _PROBE_S * _TOLERANCE else ""

    return toxic_injection(site.the_proxy, [toxic], meet)


FAULT = RealFault(
    name="bandwidth",
    what="Only `kilobytes_per_s` pass on `stream` between workers and server.",
    witness="The toxic is read back from the Toxiproxy API, and a long ECHO takes as long as it must.",
    demand="As for latency.",
    heals="The toxic is gone; connections stay open.",
    blast_radius="Connections through one proxy.",
    needs=frozenset({Need.PROXY}),
    providers=ANY,
    plan=plan,
)
inject = FAULT.inject
