"""Places to inject faults at, on real servers. Each is gone with everything in it at the end of its block."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.errors import CouldNotRunError
from harness.nemesis.site import Site
from harness.nemesis.slots import Slot
from harness.nemesis.small_disk import SmallDisk
from harness.nemesis.waiting import until
from harness.processes.faked_clock import find_library
from harness.processes.folder import make_folder, remove_folder
from harness.redis_server.replication import PrimaryWithReplica
from harness.redis_server.server import RedisServer
from harness.toxiproxy.server import open_toxiproxy
from harness.venue.process import VenueProcess
from harness.workers.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

KEY = "once:struck"
KEPT = b"kept"
ORDER = {"symbol": "BTCUSDT", "quantity": 1}
DEADLINE_S = 30.0


def missing_clock() -> str:
    """Return why no server's clock can be moved here, empty where one can."""
    is_there = find_library() is not None and RedisServer().binary.takes_clock
    return "" if is_there else "the extra `clock` is missing, or the server cannot take it"


def missing_mount() -> str:
    """Return why no small disk can be made here, empty where one can."""
    folder = make_folder()
    disk = SmallDisk(folder, kilobytes=1024)
    try:
        disk.mount()
    except CouldNotRunError as error:
        return str(error)
    finally:
        disk.unmount()
        remove_folder(folder)
    return ""


@contextmanager
def one_server(*, appendonly: bool = False, appendfsync: str = "everysec") -> Iterator[Site]:
    """Give a server that holds the struck key; its clock can be advanced where libfaketime is installed."""
    has_clock = not missing_clock()
    with RedisServer(appendonly=appendonly, appendfsync=appendfsync, controlled_clock=has_clock) as server:
        server.client().set(KEY, KEPT)
        yield Site(server=server, key=KEY)


def durable_server() -> AbstractContextManager[Site]:
    """Give a server that keeps what it acknowledged."""
    return one_server(appendonly=True, appendfsync="always")


@contextmanager
def three_writes() -> Iterator[Site]:
    """Give a durable server that holds the struck key and two writes more, the last a transaction."""
    with durable_server() as site:
        client = site.the_server.client()
        client.set("second", "write")
        pipe = client.pipeline(transaction=True)
        pipe.set("third", "write")
        pipe.set("with third", "write")
        pipe.execute()
        yield site


@contextmanager
def key_with_an_end() -> Iterator[Site]:
    """Give a server with a key that ends in a minute."""
    with one_server() as site:
        site.the_server.client().set("short", "life", ex=60)
        yield site


@contextmanager
def mortal_key() -> Iterator[Site]:
    """Give a server whose struck key has a time to live, as a claim has."""
    with one_server() as site:
        site.the_server.client().expire(KEY, 3600)
        yield site


def flushing_server() -> AbstractContextManager[Site]:
    """Give a server with an append-only file that is flushed once a second."""
    return one_server(appendonly=True)


@contextmanager
def proxied_server(*, appendonly: bool = False) -> Iterator[Site]:
    """Give a server behind a proxy."""
    with one_server(appendonly=appendonly) as site, open_toxiproxy(run_seed=7) as toxiproxy:
        site.proxy = toxiproxy.client.create(f"127.0.0.1:{site.own_server.port}", "workers")
        yield site


@contextmanager
def proxied_pair() -> Iterator[Site]:
    """Give a primary whose replica copies it through a proxy."""
    with PrimaryWithReplica() as pair, open_toxiproxy(run_seed=7) as toxiproxy:
        proxy = toxiproxy.client.create(f"127.0.0.1:{pair.primary.port}", "replication")
        pair.replica.client().replicaof("127.0.0.1", str(proxy.port))
        pair.primary.client().set(KEY, KEPT)
        pair.wait_in_sync()
        yield Site(pair=pair, replication=proxy, key=KEY)


@contextmanager
def pair() -> Iterator[Site]:
    """Give a primary and a replica that holds what it holds."""
    with PrimaryWithReplica() as both:
        both.primary.client().set(KEY, KEPT)
        both.wait_in_sync()
        yield Site(pair=both, key=KEY)


@contextmanager
def two_nodes() -> Iterator[Site]:
    """Give a cluster of two nodes, each with half of the slots, one of which holds the struck key."""
    has_clock = not missing_clock()
    config = {"cluster-enabled": "yes"}
    with (
        RedisServer(config=config, controlled_clock=has_clock) as one,
        RedisServer(config=config, controlled_clock=has_clock) as two,
    ):
        for epoch, node in enumerate((one, two), start=1):
            with node.client() as client:
                client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", epoch)
                client.execute_command("CLUSTER", "ADDSLOTS", *range(8192 * (epoch - 1), 8192 * epoch))
            if has_clock:
                # A node that starts does not serve for 2 s.
                node.advance(2.5)
        with one.client() as client:
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", two.port)
        until(lambda: all(_is_whole(node) for node in (one, two)), "the cluster to stand")
        slot = Slot([one, two], KEY)
        slot.home.client().set(KEY, KEPT)
        yield Site(server=slot.home, nodes=[one, two], key=KEY)


def _is_whole(node: RedisServer) -> bool:
    with node.client() as client:
        told = client.execute_command("CLUSTER", "INFO").splitlines()
    return all(word in told for word in (b"cluster_state:ok", b"cluster_known_nodes:2", b"cluster_slots_ok:16384"))


@contextmanager
def one_worker(*, appendonly: bool = False) -> Iterator[Site]:
    """Give a worker, behind a proxy."""
    with proxied_server(appendonly=appendonly) as site, VenueProcess() as venue:
        site.the_server.client().delete(KEY)
        crew = Crew(
            subject="twin.get_then_set",
            redis_url=site.url_through_proxy,
            venue=str(venue.socket_path),
            lease_s=2.0,
            request_life_s=2.1,
        )
        with crew:
            crew.hire(["w0"])
            site.crew, site.worker, site.venue = crew, "w0", venue
            yield site


@contextmanager
def busy_worker() -> Iterator[Site]:
    """Give a worker that was given an order for the struck key, and has not begun."""
    with one_worker() as site:
        site.the_crew.give(site.worker, KEY, ORDER)
        yield site
