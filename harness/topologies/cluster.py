"""A Redis Cluster of three primaries, each with a third of the slots and no replica."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import redis

from harness.redis_server.replication import wait_for
from harness.topologies.topology import Topology

if TYPE_CHECKING:
    from harness.redis_server.owned import OwnedServer

SLOTS = 16_384
_NODES = 3
_DEADLINE_S = 30.0
_CONFIG = {"cluster-enabled": "yes", "cluster-config-file": "nodes.conf", "cluster-node-timeout": "1000"}
_WRITABLE_DELAY_S = 2.5
"""A node that starts is not OK for 2 s (CLUSTER_WRITABLE_DELAY). Where its clock is ours, they pass at once."""
_FIRSTS = [SLOTS * at // _NODES for at in range(_NODES + 1)]


class ClusterTopology(Topology):
    """Three nodes; ``servers`` are in the order of their slots."""

    NAME = "cluster"
    WHAT = "a cluster of three primaries; while one is down, the others refuse every key"

    def node_of(self, key: str | bytes) -> OwnedServer:
        """Return the node that holds the slot of *key*, as it was dealt at the start."""
        with self.servers[0].client() as client:
            slot = int(client.cluster("KEYSLOT", key))
        return next(node for node, end in zip(self.servers, _FIRSTS[1:], strict=True) if slot < end)

    def wait_until(self, state: str, *, deadline_s: float = _DEADLINE_S) -> None:
        """Return when every node that runs says that the cluster's state is *state*.

        Args:
            state: ``ok`` or ``fail``.
            deadline_s: Seconds to wait.

        Raises:
            RedisUnavailableError: Not within *deadline_s* seconds.
        """
        for node in self.servers:
            wait_for(lambda: _says(node, state), f"the state {state}", of=node, deadline_s=deadline_s)  # noqa: B023

    def _stand(self) -> None:
        self.servers = self._made(_NODES, _CONFIG, controlled_clock=True)
        for epoch, (node, (first, end)) in enumerate(zip(self.servers, pairwise(_FIRSTS), strict=True), start=1):
            with node.client() as client:
                # Epochs of their own: nodes that share one would first have to settle who wins.
                _ask(client, "SET-CONFIG-EPOCH", epoch)
                _ask(client, "ADDSLOTS", *range(first, end))
        for node in self.servers:
            if node.has_clock:
                node.advance(_WRITABLE_DELAY_S)
        for node in self.servers:
            with node.client() as client:
                for other in self.servers:
                    if other is not node:
                        _ask(client, "MEET", "127.0.0.1", other.port)
        self.wait_until("ok")


def _ask(client: redis.Redis, *words: str | int) -> object:
    return client.execute_command("CLUSTER", *words)  # type: ignore[no-untyped-call]


def _says(node: OwnedServer, state: str) -> tuple[bool, str]:
    with node.client() as client:
        try:
            told = client.cluster("INFO")
        except redis.ConnectionError as error:
            return state == "fail", f"no answer ({error})"
    seen = f"{told['cluster_state']}, {told['cluster_known_nodes']} nodes, {told['cluster_slots_ok']} slots"
    complete = (int(told["cluster_known_nodes"]), int(told["cluster_slots_ok"])) == (_NODES, SLOTS)
    return told["cluster_state"] == state and (complete or state != "ok"), seen
