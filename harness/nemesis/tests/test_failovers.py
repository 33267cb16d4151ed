"""A failover that is said to lose writes loses them, and one that loses none is not said to."""

from __future__ import annotations

import pytest

from harness.nemesis import partition_replica, replica_promotion
from harness.nemesis.evidence import told
from harness.nemesis.fault import NotWitnessedError
from harness.nemesis.tests.sites import KEPT, KEY, pair, proxied_pair


def test_what_is_written_meanwhile_is_lost() -> None:
    """The primary acknowledged it, and the new one never had it; nor has the old one when it is back."""
    with pair() as site:
        primary = site.the_server.client()
        answers: list[object] = []
        with replica_promotion.inject(site, meanwhile=lambda: answers.append(primary.set("last", "write"))) as strike:
            assert answers == [True]
            assert site.the_pair.replica.client().mget(KEY, "last") == [KEPT, None]
            assert strike.witness()
        assert site.the_server.client().mget(KEY, "last") == [KEPT, None]


def test_a_failover_that_loses_nothing_is_no_witness() -> None:
    """The replica had everything: it takes over, and the fault says that it did not bite."""
    with pair() as site, replica_promotion.inject(site) as strike:
        assert site.the_pair.replica.client().get(KEY) == KEPT
        with pytest.raises(NotWitnessedError):
            strike.witness()


def test_a_partition_before_lets_a_failover_lose() -> None:
    """Two faults, one inside the other: what was written while the replica heard nothing is lost."""
    with proxied_pair() as site, partition_replica.inject(site) as apart:
        site.the_server.client().set("last", "write")
        assert apart.witness()
        with replica_promotion.inject(site) as over:
            assert site.the_pair.replica.client().mget(KEY, "last") == [KEPT, None]
            assert over.witness()


def test_the_replica_finds_its_way_back_through_the_proxy() -> None:
    """Both faults healed, it copies the primary again, by the way on which it did before."""
    with proxied_pair() as site:
        with partition_replica.inject(site), replica_promotion.inject(site):
            pass
        site.the_server.client().set("after", "write")
        site.the_pair.wait_in_sync()
        assert site.the_pair.replica.client().get("after") == b"write"
        assert told(site.the_pair.replica, "replication", "master_port") == str(site.the_replication.port)
