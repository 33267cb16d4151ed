"""Every toxic by the name that the API gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.toxiproxy.embedded.toxics.bandwidth import Bandwidth
from harness.toxiproxy.embedded.toxics.latency import Latency
from harness.toxiproxy.embedded.toxics.limit_data import LimitData
from harness.toxiproxy.embedded.toxics.noop import Noop
from harness.toxiproxy.embedded.toxics.redis_rule import RedisRule
from harness.toxiproxy.embedded.toxics.reset_peer import ResetPeer
from harness.toxiproxy.embedded.toxics.slicer import Slicer
from harness.toxiproxy.embedded.toxics.slow_close import SlowClose
from harness.toxiproxy.embedded.toxics.timeout import Timeout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.toxiproxy.embedded.toxics.toxic import Settings

TOXICS: Mapping[str, type[Settings]] = {
    kind.TYPE: kind
    for kind in (Latency, Bandwidth, SlowClose, Timeout, ResetPeer, Slicer, LimitData, Noop, RedisRule)
}
"""Type to settings; what is not here is answered "invalid toxic type"."""
