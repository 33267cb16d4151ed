"""key_count: how many keys the server holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from harness.probes.probe import Probe, workers_url
from harness.redis_server.redis_py import make_client

if TYPE_CHECKING:
    from harness.nemesis.site import Site

_PATIENCE_S = 1.0


def measure(site: Site) -> float | None:
    """Return the number of keys in the database; None where nobody answers."""
    with make_client(workers_url(site), timeout_s=_PATIENCE_S) as client:
        try:
            return float(client.dbsize())
        except redis.RedisError:
            return None


PROBE = Probe(name="key_count", what="Keys in the database that the workers use.", measure=measure)
