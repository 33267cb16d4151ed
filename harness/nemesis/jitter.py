"""jitter: on the way between workers and server, some things take longer than others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import WrongInputError
from harness.nemesis.fault import ANY, Injection, RealFault
from harness.nemesis.figures import check_at_least
from harness.nemesis.site import Need
from harness.nemesis.toxics import Toxic, check_stream, seconds_of, toxic_injection

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_PROBES = 8
"""Delays are drawn from a range of twice the jitter. That all of 8 lie within a quarter of it: 5 in 10,000."""


def plan(
    site: Site, *, milliseconds: int = 40, jitter_milliseconds: int = 40, stream: str = "downstream"
) -> Injection:
    """Delay what passes by *milliseconds*, more or less by up to *jitter_milliseconds* (4 or more, at most as much).

    Raises:
        WrongInputError: A figure is outside, or *stream* is none.
    """
    check_at_least("jitter", 4, jitter_milliseconds=jitter_milliseconds)
    if jitter_milliseconds > milliseconds:
        raise WrongInputError(
            f"jitter: jitter_milliseconds must be at most milliseconds ({milliseconds}), not {jitter_milliseconds}: "
            "nothing arrives before it is sent"
        )
    attributes = {"latency": milliseconds, "jitter": jitter_milliseconds}
    toxic = Toxic("latency", check_stream("jitter", stream), attributes)

    def meet() -> str:
        took_s = seconds_of(
            site.url_through_proxy, 1, times=_PROBES, timeout_s=(milliseconds + jitter_milliseconds) / 1e3 + 5
        )
        fastest_ms, slowest_ms = min(took_s) * 1e3, max(took_s) * 1e3
        if slowest_ms - fastest_ms < jitter_milliseconds / 2:
            return ""
        return f"of {_PROBES} ECHOs the fastest took {fastest_ms:.0f} ms and the slowest {slowest_ms:.0f} ms"

    return toxic_injection(site.the_proxy, [toxic], meet)


FAULT = RealFault(
    name="jitter",
    what="What passes on `stream` between workers and server is delayed by `milliseconds`, more or less by up to "
    "`jitter_milliseconds`; drawn from the run's seed by the embedded Toxiproxy.",
    witness="The toxic is read back from the Toxiproxy API, and some ECHOs take longer than others.",
    demand="As for latency. May not rely on the order in which two workers are answered.",
    heals="The toxic is gone; connections stay open.",
    blast_radius="Connections through one proxy.",
    needs=frozenset({Need.PROXY}),
    providers=ANY,
    plan=plan,
)
inject = FAULT.inject
