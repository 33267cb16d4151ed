"""One server."""

from __future__ import annotations

from harness.topologies.topology import Topology


class Single(Topology):
    """One server, with nobody to take over."""

    NAME = "single"
    WHAT = "one server; it is away while it is down"

    def _stand(self) -> None:
        self.servers = self._made(1)
