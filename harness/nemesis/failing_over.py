"""What the faults of a failover share: cut a replica off, promote it, and put both back in their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import told
from harness.nemesis.return_of_server import bring_back
from harness.nemesis.waiting import until

if TYPE_CHECKING:
    from harness.nemesis.site import Site
    from harness.redis_server.server import RedisServer
    from harness.toxiproxy.client import ProxyHandle


def offset(server: RedisServer) -> int:
    """Return how far the server's own stream of writes is, in bytes."""
    return int(told(server, "replication", "master_repl_offset"))


def role(server: RedisServer) -> str:
    """Return ``master`` or ``slave``."""
    return told(server, "replication", "role")


def follow(follower: RedisServer, leader: RedisServer, *, through: ProxyHandle | None = None) -> None:
    """Make *follower* a replica of *leader*, and return when it has everything.

    Args:
        follower: The one that copies.
        leader: The one that is copied.
        through: What stands between them. Where it has a toxic, nothing is waited for.

    Raises:
        CouldNotRunError: It does not come into sync.
    """
    follower.client().replicaof("127.0.0.1", str(leader.port if through is None else through.port))
    if through is not None and through.toxics():
        return
    until(
        lambda: told(follower, "replication", "master_link_status") == "up" and offset(follower) == offset(leader),
        "a replica to be in sync",
    )


def put_back(site: Site) -> None:
    """Make the pair's primary the primary again, with the data of whoever is one now, and its replica a replica.

    Raises:
        CouldNotRunError: They do not come into sync.
    """
    pair = site.the_pair
    bring_back(pair.primary)
    if role(pair.replica) == "master":
        follow(pair.primary, pair.replica)
        pair.primary.client().replicaof("NO", "ONE")
    if role(pair.replica) == "master":
        follow(pair.replica, pair.primary, through=site.replication)
