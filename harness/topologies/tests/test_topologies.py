"""Each topology on each provider: up, written to, struck, healed, and gone without a trace."""

from __future__ import annotations

import pytest
import redis

from harness.containers.tests.providers import PROVIDERS
from harness.processes.child import is_running
from harness.redis_server.choice import ExternalChoice, OwnedChoice, parse_choice
from harness.redis_server.errors import RedisUnavailableError
from harness.topologies.cluster import SLOTS, ClusterTopology
from harness.topologies.primary_replica import PrimaryReplica
from harness.topologies.registry import TOPOLOGIES
from harness.topologies.sentinel import SERVICE, SentinelTopology
from harness.topologies.topology import Topology


@pytest.fixture(params=PROVIDERS)
def choice(request: pytest.FixtureRequest) -> OwnedChoice:
    """Return each provider of this machine."""
    chosen = parse_choice(request.param)
    assert not isinstance(chosen, ExternalChoice)
    return chosen


@pytest.mark.in_turn(0)
@pytest.mark.parametrize("name", TOPOLOGIES)
def test_a_topology_leaves_nothing_behind(name: str, choice: OwnedChoice) -> None:
    """Every server is one of its own, says who it is, and is gone afterwards; a second stop is harmless."""
    topology = TOPOLOGIES[name](choice)
    with topology:
        every = [*topology.servers, *getattr(topology, "sentinels", ())]
        pids = {server.pid for server in every}
        assert len(pids) == len(every)
        assert len({identity.run_id for identity in topology.identities()}) == len(set(topology.urls))
    topology.stop()
    assert not [pid for pid in pids if is_running(pid)]


def test_a_primary_replica_pair_fails_over_by_hand(choice: OwnedChoice) -> None:
    """The replica holds what it was sent, takes writes, and the killed one comes back as its copy."""
    with PrimaryReplica(choice, appendonly=True) as pair:
        killed, replica = pair.servers
        _write(pair, "before")
        assert pair.fail_over() is replica
        assert replica.client().get("before") == b"there"
        replica.client().set("after", "there")
        pair.rejoin()
        assert killed.client().get("after") == b"there"
        with pytest.raises(redis.ReadOnlyError):
            killed.client().set("k", "v")


@pytest.mark.in_turn(0)
def test_sentinels_fail_over_when_the_primary_is_killed(choice: OwnedChoice) -> None:
    """A client that asks the Sentinels finds the new primary, and the old one comes back as its replica."""
    with SentinelTopology(choice, appendonly=True) as topology:
        killed, replica = topology.servers
        _write(topology, "before")
        sentinels = redis.Sentinel(list(topology.sentinel_addresses), socket_timeout=5.0)  # type: ignore[no-untyped-call]
        assert sentinels.discover_master(SERVICE) == ("127.0.0.1", killed.port)  # type: ignore[no-untyped-call]
        assert topology.fail_over() is replica
        assert sentinels.discover_master(SERVICE) == ("127.0.0.1", replica.port)  # type: ignore[no-untyped-call]
        primary = sentinels.master_for(SERVICE)  # type: ignore[no-untyped-call]
        assert primary.get("before") == b"there"
        primary.set("after", "there")
        primary.close()
        topology.rejoin()
        assert killed.client().get("after") == b"there"
        with pytest.raises(redis.ReadOnlyError):
            killed.client().set("k", "v")
        for sentinel in sentinels.sentinels:
            sentinel.close()


@pytest.mark.in_turn(0)
def test_a_cluster_holds_every_slot_and_fails_while_a_primary_is_down(choice: OwnedChoice) -> None:
    """A key goes to the node that has its slot; without a third of the slots there is no cluster."""
    with ClusterTopology(choice, appendonly=True) as cluster:
        client = redis.RedisCluster.from_url(cluster.servers[0].tcp_url)
        assert client.set("k", "v")
        told = client.cluster_slots()
        assert sum(last - first + 1 for first, last in told) == SLOTS
        client.close()
        holder = cluster.node_of("k")
        other = next(node for node in cluster.servers if node is not holder)
        assert holder.client().get("k") == b"v"
        with pytest.raises(redis.exceptions.MovedError):
            other.client().get("k")
        holder.kill()
        cluster.wait_until("fail")
        with pytest.raises(redis.exceptions.ClusterDownError):
            other.client().get("some other key")
        holder.restart()
        cluster.wait_until("ok")
        assert holder.client().get("k") == b"v"


def test_a_topology_whose_second_server_does_not_start_stops_the_first() -> None:
    """Nothing is left behind by half a topology."""
    chosen = parse_choice("embedded")
    assert not isinstance(chosen, ExternalChoice)
    started: list[int] = []

    class Half(Topology):
        """One server that starts, and one that does not."""

        NAME, WHAT = "half", "half a topology"

        def _stand(self) -> None:
            started.extend(server.pid for server in self._made(1))
            self._made(1, {"maxmemory-policy": "nonsense"})

    with pytest.raises(RedisUnavailableError, match="maxmemory-policy"):
        Half(chosen).start()
    assert len(started) == 1
    assert not is_running(started[0])


def _write(topology: Topology, key: str) -> None:
    """Write *key* to the primary, and see the replica have it."""
    client = topology.servers[0].client()
    client.set(key, "there")
    assert client.wait(1, 5000) == 1
