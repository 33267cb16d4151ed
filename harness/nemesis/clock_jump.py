"""clock_jump: the server's wall clock jumps ahead, and with it the end of every key and lease."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import clock
from harness.errors import WrongInputError
from harness.nemesis.fault import OWN, Injection, RealFault
from harness.nemesis.site import Need

if TYPE_CHECKING:
    from harness.nemesis.site import Site
    from harness.redis_server.server import RedisServer


def plan(site: Site, *, seconds: float = 3600.0) -> Injection:
    """Move the server's clock ahead by *seconds* (above 0).

    Raises:
        WrongInputError: *seconds* is not above 0.
    """
    if seconds <= 0:
        raise WrongInputError(
            f"clock_jump: seconds must be above 0, not {seconds:g}: a clock of ours never goes back"
        )
    server = site.own_server
    before_s = _ahead_s(server)

    def look() -> str:
        jumped_s = _ahead_s(server) - before_s
        if jumped_s < seconds / 2:
            return ""
        return f"the server's TIME is {jumped_s:.3f} s further ahead of this machine's clock than before"

    return Injection(strike=lambda: server.advance(seconds), look=look)


def _ahead_s(server: RedisServer) -> float:
    """Return how far the server's TIME is ahead of this machine's clock, in seconds."""
    client = server.client()
    try:
        whole_s, part_us = client.time()
    finally:
        client.close()
    return whole_s + part_us / 1e6 - clock.wall_ms() / 1e3


FAULT = RealFault(
    name="clock_jump",
    what="The server's wall clock jumps ahead by `seconds`: TIME, TIME in scripts, and the end of keys.",
    witness="TIME is further ahead of this machine's clock than before.",
    demand="May find that its lease is over. May not run an effect whose claim another has taken over meanwhile.",
    heals="Nothing: the clock stays ahead, and what has ended has ended.",
    blast_radius="The clock of one server of ours.",
    needs=frozenset({Need.CLOCK}),
    providers=OWN,
    plan=plan,
)
inject = FAULT.inject
