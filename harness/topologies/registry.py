"""The topologies by name."""

from __future__ import annotations

from harness.topologies.cluster import ClusterTopology
from harness.topologies.primary_replica import PrimaryReplica
from harness.topologies.sentinel import SentinelTopology
from harness.topologies.single import Single

TOPOLOGIES = {topology.NAME: topology for topology in (Single, PrimaryReplica, SentinelTopology, ClusterTopology)}
