"""A replica follows, is promoted, and goes away with its primary."""

from __future__ import annotations

import pytest
import redis

from harness.processes.child import is_running
from harness.redis_server.errors import RedisUnavailableError
from harness.redis_server.replication import PrimaryWithReplica


def test_promoted_replica_has_the_data_and_takes_writes() -> None:
    """After the primary's death the promoted replica serves what was in sync, under its own run id."""
    with PrimaryWithReplica() as pair:
        pids = pair.primary.pid, pair.replica.pid
        pair.primary.client().set("k", "v")
        pair.wait_in_sync()
        with pytest.raises(redis.ReadOnlyError):
            pair.replica.client().set("k", "other")
        pair.primary.kill()
        heir = pair.promote().client()
        assert heir.get("k") == b"v"
        assert heir.set("k", "other")
    assert not any(is_running(pid) for pid in pids)


def test_detached_replica_is_never_called_in_sync() -> None:
    """A write that the replica cannot have received keeps wait_in_sync() waiting, up to its deadline."""
    with PrimaryWithReplica() as pair:
        pair.replica.client().replicaof("NO", "ONE")
        pair.primary.client().set("k", "v")
        with pytest.raises(RedisUnavailableError, match="to be in sync"):
            pair.wait_in_sync(deadline_s=0.1)
