"""Other servers that take over, and clusters whose keys are elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import redis

from harness.nemesis import ask, moved, readonly_after_failover, replica_promotion
from harness.nemesis.failing_over import role
from harness.nemesis.tests.case import Case
from harness.nemesis.tests.process_cases import has_kept, is_deaf
from harness.nemesis.tests.sites import KEPT, KEY, pair, two_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.nemesis.site import Site

_LAST = "last write"


@contextmanager
def pair_of_which_one_hears_little() -> Iterator[Site]:
    """Give a pair whose primary has written what its replica has not got: the replica is stopped and cut off."""
    with pair() as site:
        site.the_pair.replica.pause()
        primary = site.the_server.client()
        primary.client_kill_filter(_type="replica")
        primary.set(_LAST, "data")
        yield site


def replica_has_taken_over(site: Site) -> None:
    """Assert that the replica takes writes, and that the last write is not there."""
    is_deaf(site)
    client = site.the_pair.replica.client()
    assert client.get(KEY) == KEPT
    assert client.get(_LAST) is None
    assert client.set("new", "write")


def primary_is_back(site: Site) -> None:
    """Assert that the primary takes writes, has what its stand-in had, and that the replica follows."""
    assert (role(site.the_pair.primary), role(site.the_pair.replica)) == ("master", "slave")
    client = site.the_server.client()
    assert client.get("new") == b"write"
    assert client.get(_LAST) is None
    assert client.set("newer", "write")
    site.the_pair.wait_in_sync()
    assert site.the_pair.replica.client().get("newer") == b"write"


def refuses_writes(site: Site) -> None:
    """Assert that the old primary refuses a write that the new one takes."""
    with pytest.raises(redis.exceptions.ReadOnlyError):
        site.the_server.client().set("new", "write")
    assert site.the_pair.replica.client().set("new", "write")


def is_elsewhere(site: Site) -> None:
    """Assert that a client of the cluster finds the key, and one of its old node does not."""
    with pytest.raises(redis.ResponseError):
        site.the_server.client().get(KEY)
    with redis.RedisCluster(host="127.0.0.1", port=_port(site)) as client:
        assert client.get(KEY) == KEPT


def is_home(site: Site) -> None:
    """Assert that its node has the key again, and takes writes to it."""
    has_kept(site)
    assert site.the_server.client().set(KEY, "more")


def _port(site: Site) -> int:
    return int(str(site.nodes[0].client().config_get("port")["port"]))


CASES = (
    Case(
        fault=replica_promotion.FAULT,
        site=pair_of_which_one_hears_little,
        during=replica_has_taken_over,
        after=primary_is_back,
    ),
    Case(fault=readonly_after_failover.FAULT, site=pair, during=refuses_writes, after=primary_is_back),
    Case(fault=moved.FAULT, site=two_nodes, during=is_elsewhere, after=is_home),
    Case(fault=ask.FAULT, site=two_nodes, during=is_elsewhere, after=is_home),
)
