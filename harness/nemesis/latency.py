"""latency: everything takes longer on the way between workers and server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.figures import check_at_least
from harness.nemesis.site import Need
from harness.nemesis.toxics import Toxic, check_stream, seconds_of, toxic_injection

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def plan(site: Site, *, milliseconds: int = 200, stream: str = "downstream") -> Injection:
    """Delay what passes by *milliseconds* (1 or more).

    Raises:
        WrongInputError: *milliseconds* is below 1, or *stream* is none.
    """
    check_at_least("latency", 1, milliseconds=milliseconds)
    toxic = Toxic("latency", check_stream("latency", stream), {"latency": milliseconds, "jitter": 0})

    def meet() -> str:
        (took_s,) = seconds_of(site.url_through_proxy, 1, timeout_s=milliseconds / 1e3 + 5)
        return f"an ECHO took {took_s * 1e3:.0f} ms" if took_s * 1e3 >= milliseconds - 1 else ""

    return toxic_injection(site.the_proxy, [toxic], meet)


FAULT = RealFault(
    name="latency",
    what="What passes on `stream` between workers and server is delayed by `milliseconds`.",
    witness="The toxic is read back from the Toxiproxy API, and an ECHO takes that long.",
    demand="May answer late, or with an error where its time limit is shorter. May not take a late reply for none.",
    heals="The toxic is gone; connections stay open.",
    blast_radius="Connections through one proxy.",
    needs=frozenset({Need.PROXY}),
    providers=ANY,
    plan=plan,
)
inject = FAULT.inject
