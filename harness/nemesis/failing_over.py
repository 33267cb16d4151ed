"""What the faults of a failover share: cut a replica off, promote it, and put both back in their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import clock
from harness.errors import CouldNotRunError
from harness.nemesis.evidence import told
from harness.nemesis.return_of_server import bring_back

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.redis_server.replication import PrimaryWithReplica
    from harness.redis_server.server import RedisServer

_DEADLINE_S = 30.0


def offset(server: RedisServer) -> int:
    """Return how far the server's own stream of writes is, in bytes."""
    return int(told(server, "replication", "master_repl_offset"))


def role(server: RedisServer) -> str:
    """Return ``master`` or ``slave``."""
    return told(server, "replication", "role")


def follow(follower: RedisServer, leader: RedisServer) -> None:
    """Make *follower* a replica of *leader*, and return when it has everything.

    Raises:
        CouldNotRunError: It does not come into sync.
    """
    follower.client().replicaof("127.0.0.1", str(leader.port))
    until(
        lambda: told(follower, "replication", "master_link_status") == "up" and offset(follower) == offset(leader),
        "a replica to be in sync",
    )


def put_back(pair: PrimaryWithReplica) -> None:
    """Make the pair's primary the primary again, with the data of whoever is one now, and its replica a replica.

    Raises:
        CouldNotRunError: They do not come into sync.
    """
    bring_back(pair.primary)
    if role(pair.replica) == "master":
        follow(pair.primary, pair.replica)
        pair.primary.client().replicaof("NO", "ONE")
    if role(pair.replica) == "master":
        follow(pair.replica, pair.primary)


def until(is_so: Callable[[], bool], wanted: str) -> None:
    """Return when *is_so* holds.

    Raises:
        CouldNotRunError: It does not within 30 s.
    """
    until_ns = clock.elapsed_ns() + int(_DEADLINE_S * 1e9)
    while not is_so():
        if clock.elapsed_ns() > until_ns:
            raise CouldNotRunError(f"Waited {_DEADLINE_S:g} s for {wanted}. Look at the servers' logs.")
        clock.pause_s(0.002)
