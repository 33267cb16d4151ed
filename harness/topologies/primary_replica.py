"""A primary and its replica; nobody promotes it but the harness, as an operator would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.redis_server.replication import AT_ONCE, promote, wait_in_sync
from harness.topologies.topology import Topology

if TYPE_CHECKING:
    from harness.redis_server.owned import OwnedServer


def replicate(primary: OwnedServer, replica: OwnedServer) -> None:
    """Make *replica* a copy of *primary*, and return when it is in sync.

    Raises:
        RedisUnavailableError: It did not come into sync.
    """
    with replica.client() as client:
        client.replicaof("127.0.0.1", str(primary.port))
    wait_in_sync(primary, replica)


class PrimaryReplica(Topology):
    """Two servers: ``servers`` is the primary and the replica."""

    NAME = "primary_replica"
    WHAT = "a primary and a replica that is promoted by hand"

    def fail_over(self) -> OwnedServer:
        """Kill the primary, promote the replica, and return it: it comes first in ``servers`` now.

        Raises:
            RedisUnavailableError: The replica became no primary.
        """
        primary, replica = self.servers
        primary.kill()
        promote(replica)
        self.servers = (replica, primary)
        return replica

    def rejoin(self) -> None:
        """Start the server that was killed as a replica of the new primary, and return when it is in sync.

        Raises:
            RedisUnavailableError: It did not start, or not come into sync.
        """
        primary, killed = self.servers
        killed.restart()
        replicate(primary, killed)

    def _stand(self) -> None:
        self.servers = self._made(2, AT_ONCE)
        replicate(*self.servers)
