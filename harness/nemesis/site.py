"""What a fault may act on. Whoever tells a story says what there is; a fault takes nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

from harness.errors import CouldNotRunError
from harness.redis_server.server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

    from harness.redis_server.identity import ServerIdentity
    from harness.redis_server.replication import PrimaryWithReplica
    from harness.toxiproxy.client import ProxyHandle
    from harness.venue.process import VenueProcess
    from harness.workers.crew import Crew

_Thing = TypeVar("_Thing")


class Need(StrEnum):
    """Something that a site may have."""

    SERVER = "server"
    """A server that the harness started."""
    FOLDER = "folder"
    """A server that is a process of ours, whose files we can reach."""
    APPEND_ONLY = "append_only"
    """Such a server, with an append-only file."""
    CLOCK = "clock"
    """Such a server, with a clock that can be advanced."""
    REPLICA = "replica"
    """A primary with a replica."""
    PROXY = "proxy"
    """A Toxiproxy between workers and server."""
    REPLICATION_PROXY = "replication_proxy"
    """A Toxiproxy between primary and replica."""
    VENUE = "venue"
    """The venue where the workers' effects land."""
    WORKERS = "workers"
    """A crew, and the name of the worker that is struck."""
    KEY = "key"
    """The key that is struck."""
    CLUSTER = "cluster"
    """At least two nodes of one Redis Cluster."""


REMEDIES = {
    Need.SERVER: "a server that the harness started (Site.server)",
    Need.FOLDER: "a server that runs as a process of ours (--redis embedded or path)",
    Need.APPEND_ONLY: "a server with an append-only file (RedisServer(appendonly=True))",
    Need.CLOCK: "a server whose clock can be advanced (RedisServer(controlled_clock=True), extra `clock`)",
    Need.REPLICA: "a primary with a replica (Site.pair)",
    Need.PROXY: "a proxy between workers and server (Site.proxy, from open_toxiproxy)",
    Need.REPLICATION_PROXY: "a proxy between primary and replica (Site.replication)",
    Need.VENUE: "the venue where the workers' effects land (Site.venue)",
    Need.WORKERS: "workers, and which one is struck (Site.crew and Site.worker)",
    Need.KEY: "the key that is struck (Site.key)",
    Need.CLUSTER: "two nodes of a cluster (Site.nodes)",
}
"""What to give where something is needed."""


class Server(Protocol):
    """What a fault asks of a server that the harness started, whatever provides it."""

    @property
    def url(self) -> str:
        """Where clients of this machine find it."""

    @property
    def pid(self) -> int:
        """Its process, as this machine numbers it."""

    def kill(self) -> None:
        """SIGKILL it, and return when it is gone."""

    def restart(self) -> None:
        """Start it again at the same address with the data that it kept; kill it first where it runs."""

    def pause(self) -> None:
        """SIGSTOP it."""

    def resume(self) -> None:
        """SIGCONT it."""

    def client(self, *, timeout_s: float = 5.0) -> redis.Redis:
        """Return a client that tries once."""

    def identity(self) -> ServerIdentity:
        """Return what it says of itself; the run id changes with every start."""


@dataclass(slots=True, kw_only=True)
class Site:
    """The place of a story.

    Attributes:
        server: Where the guards' writes go.
        pair: The primary, which is ``server`` too, and its replica.
        proxy: What stands between workers and server.
        proxy_url: The URL that leads through it, where it needs more than an address: a password, TLS.
        replication: What stands between primary and replica.
        crew: The workers.
        worker: The name of the worker that is struck.
        venue: Where effects land; a worker can be held there.
        key: The key that is struck.
        nodes: The nodes of a cluster.
    """

    server: Server | None = None
    pair: PrimaryWithReplica | None = None
    proxy: ProxyHandle | None = None
    proxy_url: str = ""
    replication: ProxyHandle | None = None
    crew: Crew | None = None
    worker: str = ""
    venue: VenueProcess | None = None
    key: str = ""
    nodes: Sequence[Server] = ()

    def __post_init__(self) -> None:
        """Take the primary of a pair for the server."""
        if self.pair is not None and self.server is None:
            self.server = self.pair.primary

    def require(self, fault: str, needs: frozenset[Need]) -> None:
        """Check that the site has what *fault* needs.

        Raises:
            CouldNotRunError: It lacks something; the message says what to give.
        """
        missing = [REMEDIES[need] for need in Need if need in needs and not self._has(need)]
        if missing:
            raise CouldNotRunError(f"Tried to inject {fault}: it needs {', and '.join(missing)}, and there is none.")

    def _has(self, need: Need) -> bool:
        own = self.server if isinstance(self.server, RedisServer) else None
        return {
            Need.SERVER: self.server is not None,
            Need.FOLDER: own is not None,
            Need.APPEND_ONLY: own is not None and own.is_append_only,
            Need.CLOCK: own is not None and own.has_clock,
            Need.REPLICA: self.pair is not None,
            Need.PROXY: self.proxy is not None,
            Need.REPLICATION_PROXY: self.replication is not None,
            Need.VENUE: self.venue is not None,
            Need.WORKERS: self.crew is not None and bool(self.worker),
            Need.KEY: bool(self.key),
            Need.CLUSTER: len(self.nodes) > 1,
        }[need]

    # What a fault takes, after it said that it needs it.

    @property
    def the_server(self) -> Server:
        """The server; it was required."""
        return _there(self.server)

    @property
    def own_server(self) -> RedisServer:
        """The server, a process of ours; it was required."""
        server = self.server
        if not isinstance(server, RedisServer):
            raise TypeError(f"a fault took {server!r} for a server of ours; it must name Need.FOLDER")
        return server

    @property
    def the_pair(self) -> PrimaryWithReplica:
        """The pair; it was required."""
        return _there(self.pair)

    @property
    def the_proxy(self) -> ProxyHandle:
        """The proxy before the server; it was required."""
        return _there(self.proxy)

    @property
    def url_through_proxy(self) -> str:
        """The URL that leads through the proxy before the server, which was required."""
        return self.proxy_url or f"redis://{self.the_proxy.listen}"

    @property
    def the_replication(self) -> ProxyHandle:
        """The proxy between primary and replica; it was required."""
        return _there(self.replication)

    @property
    def the_venue(self) -> VenueProcess:
        """The venue; it was required."""
        return _there(self.venue)

    @property
    def the_crew(self) -> Crew:
        """The workers; they were required."""
        return _there(self.crew)


def _there(thing: _Thing | None) -> _Thing:
    if thing is None:
        raise TypeError("a fault took what its `needs` does not name")
    return thing
