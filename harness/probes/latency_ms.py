"""latency_ms: how long a PING takes on the workers' way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from harness import clock
from harness.probes.probe import Probe, workers_url
from harness.redis_server.redis_py import make_client

if TYPE_CHECKING:
    from harness.nemesis.site import Site

LONGEST_S = 2.0


def measure(site: Site) -> float:
    """Return milliseconds of a PING on an open connection; one that fails counts as the longest wait."""
    with make_client(workers_url(site), timeout_s=LONGEST_S) as client:
        try:
            client.ping()
            began_ns = clock.elapsed_ns()
            client.ping()
        except redis.RedisError:
            return LONGEST_S * 1e3
        return (clock.elapsed_ns() - began_ns) / 1e6


PROBE = Probe(
    name="latency_ms",
    what=f"Milliseconds of a PING on the workers' way; {LONGEST_S * 1e3:.0f} where none is answered.",
    measure=measure,
)
