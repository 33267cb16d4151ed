"""What a pair of servers keeps while its clocks jump: a primary stays who it is, with a replica and without."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from harness import clock
from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.redis_server.redis_py import info
from harness.redis_server.replication_link import PAIR_CONFIG, ReplicationLink
from harness.redis_server.server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Mapping

LONG_S = 7200.0
"""Longer than a server keeps its backlog without a replica, unless it is told otherwise."""
ORDINARY = {name: value for name, value in PAIR_CONFIG.items() if name != "repl-backlog-ttl"}
DEADLINE_S = 30.0


def _server(config: Mapping[str, str]) -> RedisServer:
    return RedisServer(config=config, controlled_clock=True)


def _replicate_once(primary: RedisServer) -> str:
    """Let a replica come and go; return the primary's replication id."""
    with _server(PAIR_CONFIG) as replica, ReplicationLink(primary, replica):
        pass
    return _id_of(primary)


def _id_of(server: RedisServer) -> str:
    with server.client() as client:
        return str(info(client, "replication")["master_replid"])


def _see_it_change(server: RedisServer) -> None:
    """Replicate *server* once, let its clock jump, and return when its replication id is another one."""
    before = _replicate_once(server)
    server.advance(LONG_S)
    deadline_ns = clock.elapsed_ns() + int(DEADLINE_S * 1e9)
    while _id_of(server) == before:
        assert clock.elapsed_ns() < deadline_ns, "the replication id is still the same"
        clock.pause_s(0.01)


@NEEDS_CLOCK
def test_a_primary_without_replicas_stays_who_it_is() -> None:
    """An ordinary server takes another replication id, each time at a tick of its own; ours takes none meanwhile."""
    with _server(PAIR_CONFIG) as ours, _server(ORDINARY) as ordinary:
        before = _replicate_once(ours)
        ours.advance(LONG_S)
        # Between two ticks of the one lies a tick of the other.
        _see_it_change(ordinary)
        _see_it_change(ordinary)
        assert _id_of(ours) == before


def test_nobody_else_takes_the_place_where_a_replica_looks_for_its_primary() -> None:
    """It stays taken as long as the link, and after that the replica looks for nobody."""
    with (
        RedisServer(config=PAIR_CONFIG) as primary,
        RedisServer(config=PAIR_CONFIG) as replica,
        replica.client() as client,
    ):
        with ReplicationLink(primary, replica):
            port = int(str(info(client, "replication")["master_port"]))
            with pytest.raises(OSError, match="in use"):
                socket.create_server(("127.0.0.1", port))
        assert info(client, "replication")["role"] == "master"
        socket.create_server(("127.0.0.1", port)).close()


def test_a_link_to_a_replica_that_is_gone_can_be_broken() -> None:
    """And once more."""
    with RedisServer(config=PAIR_CONFIG) as primary, RedisServer(config=PAIR_CONFIG) as replica:
        with ReplicationLink(primary, replica) as link:
            replica.kill()
        link.close()


def test_a_replica_that_is_cut_off_before_it_is_in_sync_is_taken_in_again() -> None:
    """Its first connection is cut as soon as it stands, and the second one brings it into sync."""
    with RedisServer(config=PAIR_CONFIG) as primary, RedisServer(config=PAIR_CONFIG) as replica:
        cut: list[socket.socket] = []

        def cut_once(_seconds: float) -> None:
            if not cut and link._ends:
                cut.append(link._ends[1])
                cut[0].shutdown(socket.SHUT_RDWR)

        link = ReplicationLink(primary, replica, pause=cut_once)
        with link, replica.client() as client:
            assert cut
            assert info(client, "replication")["master_link_status"] == "up"
