"""error_rate: how many of a few PINGs fail on the workers' way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import redis

from harness.probes.probe import Probe, workers_url
from harness.redis_server.redis_py import make_client

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_PINGS = 4
_PATIENCE_S = 1.0


def measure(site: Site) -> float:
    """Return the share of PINGs, each on a connection of its own, that fail; 0 to 1.

    All are on their way at once: on a slow one, each of them takes several times the time of a PING.
    """
    with ThreadPoolExecutor(_PINGS) as at_once:
        return sum(not answered for answered in at_once.map(_answers, [workers_url(site)] * _PINGS)) / _PINGS


def _answers(url: str) -> bool:
    with make_client(url, timeout_s=_PATIENCE_S) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


PROBE = Probe(
    name="error_rate",
    what=f"Share of {_PINGS} PINGs at once on the workers' way, each on a connection of its own, that fail within "
    f"{_PATIENCE_S:g} s; 0 to 1.",
    measure=measure,
)
