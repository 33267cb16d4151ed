"""A server that is going to be lost is looked at where its writes really go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import clock
from harness.explorer.rig import Rig
from harness.explorer.target import Target
from harness.explorer.tests.probes import commands
from harness.faults.registry import ALL

if TYPE_CHECKING:
    from harness.explorer.private_store import PrivateStore
    from harness.redis_server.server import RedisServer

DEADLINE_S = 30.0


def is_rewriting(store: PrivateStore) -> bool:
    """Say whether the server rewrites its append-only file, or is going to."""
    told = store.pool.ask(b"INFO", b"persistence")
    return b"aof_rewrite_in_progress:1" in told or b"aof_rewrite_scheduled:1" in told


def test_file_that_is_going_to_be_replaced_is_not_noted(redis_server: RedisServer) -> None:
    """A server that was a replica rewrites its file once another child of it is done: the old one is gone then."""
    with Rig(Target(redis_server, "test"), commands(1)) as rig:
        store = rig._new_store()
        store.expect([ALL["restart_losing:0"]])
        store.begin()
        for number in range(5):
            store.pool.ask(b"SET", b"key%d" % number, b"here")
        store.pool.ask(b"CONFIG", b"SET", b"rdb-key-save-delay", b"50000")
        store.pool.ask(b"BGSAVE")
        store.pool.ask(b"BGREWRITEAOF")
        assert is_rewriting(store)
        store._begin_to_note()
        deadline_ns = clock.elapsed_ns() + int(DEADLINE_S * 1e9)
        while is_rewriting(store):
            assert clock.elapsed_ns() < deadline_ns
            clock.pause_s(0.01)
        store.wrote()


def test_server_that_was_a_replica_serves_no_further_schedule(redis_server: RedisServer) -> None:
    """It says so for as long as it runs: a guard that looks would not do in the next schedule what it did before."""
    with Rig(Target(redis_server, "test"), commands(1)) as rig:
        store = rig._new_store()
        for _ in range(2):
            store.expect([ALL["failover_losing:0"]])
            store.begin()
            assert b"second_repl_offset:-1" in store.pool.ask(b"INFO", b"replication")
            assert store.lose(ALL["failover_losing:0"])
            assert b"second_repl_offset:-1" not in store.pool.ask(b"INFO", b"replication")
