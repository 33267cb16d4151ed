"""Places to inject faults at, on real servers. Each is gone with everything in it at the end of its block."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.nemesis.site import Site
from harness.processes.faked_clock import find_library
from harness.redis_server.server import RedisServer
from harness.venue.process import VenueProcess
from harness.workers.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

KEY = "once:struck"
KEPT = b"kept"
ORDER = {"symbol": "BTCUSDT", "quantity": 1}
DEADLINE_S = 30.0


@contextmanager
def one_server(*, appendonly: bool = False, appendfsync: str = "everysec") -> Iterator[Site]:
    """Give a server that holds the struck key; its clock can be advanced where libfaketime is installed."""
    has_clock = find_library() is not None
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
def one_worker() -> Iterator[Site]:
    """Give a worker that has an effect to run, whose reply is held back at the venue."""
    with RedisServer() as server, VenueProcess() as venue:
        crew = Crew(
            subject="twin.get_then_set",
            redis_url=server.url,
            venue=str(venue.socket_path),
            lease_s=2.0,
            request_life_s=2.1,
        )
        with crew:
            crew.hire(["w0"])
            yield Site(server=server, crew=crew, worker="w0", venue=venue, key=KEY)
