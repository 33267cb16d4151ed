"""What a storm rages over: a server, perhaps a Toxiproxy before it, the venue, and fresh processes for the end.

Asks for the steady state before and after. An external server is reached through a proxy alone, and left as it was.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from harness import clock
from harness.errors import CouldNotRunError, WrongInputError
from harness.nemesis.site import Site
from harness.redis_server.choice import ExternalChoice
from harness.redis_server.foreign import ForeignServer
from harness.redis_server.opening import open_owned
from harness.storm.inject import WORDS
from harness.storm.workload import Order
from harness.subjects.contract import REQUEST_LIFE_LEASES
from harness.toxiproxy.server import open_toxiproxy
from harness.venue.process import VenueProcess
from harness.workers.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.redis_server.choice import RedisChoice
    from harness.redis_server.owned import OwnedServer
    from harness.storm.inject import Injected
from harness.subjects.contract import Subject

_STEADY = 3
_NEVER = -1
"""The delivery of an order that was never delivered."""
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - where a user binds to, not where we do
_ANSWERS_S = 60.0
_LEASE_REST_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """On what a storm is to rage.

    Attributes:
        subject: Whose guard.
        choice: The server.
        seed: The run's.
        lease_s: Seconds of a claim.
        faults: What will go wrong: it says what must stand there.
        toxiproxy: The value of ``--toxiproxy``.
        bind: The address at which other machines find what they need; empty where there are none.
        port: The first of the ports there: of the proxy, and of the venue after it; 0 where there are none.
    """

    subject: Subject
    choice: RedisChoice
    seed: int
    lease_s: float
    faults: Sequence[Injected]
    toxiproxy: str = "embedded"
    bind: str = ""
    port: int = 0


class Scene:
    """The world of one storm, as a context manager.

    Attributes:
        redis_url: Where guards find the server.
        venue: The world outside.
        crew: Fresh processes.
        site: What faults act on.
    """

    def __init__(self, ground: Ground) -> None:
        """Describe the scene; entering it starts what it is made of."""
        self._ground = ground
        self._stack = ExitStack()
        self._steady = 0

    def __enter__(self) -> Self:
        ground = self._ground
        with ExitStack() as stack:
            self.server = self._open_server(stack)
            listen = f"{ground.bind}:{ground.port + 1}" if ground.bind else ""
            life_s = ground.lease_s * REQUEST_LIFE_LEASES
            venue = VenueProcess(request_life_s=life_s, archives=True, listen=listen)
            self.venue = stack.enter_context(venue)
            ours = None if isinstance(self.server, ForeignServer) else self.server
            self.site = Site(server=ours, venue=self.venue)
            self.redis_url = self._open_way(stack)
            self.site.proxy_url = self.redis_url
            self._prepare(stack)
            crew = Crew(
                subject=ground.subject.name,
                redis_url=self.redis_url,
                venue=str(self.venue.socket_path),
                lease_s=ground.lease_s,
                request_life_s=life_s,
            )
            self.crew = stack.enter_context(crew)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def is_proxied(self) -> bool:
        """Whether a Toxiproxy stands between workers and server."""
        return self.site.proxy is not None

    def pass_the_lease(self) -> None:
        """Let every claim end, and every request with it: at once where the clock is ours, else in real time."""
        beyond_s = self._ground.lease_s * (1 + REQUEST_LIFE_LEASES) + _LEASE_REST_S
        if not isinstance(self.server, ForeignServer) and self.server.has_clock:
            self.server.advance(beyond_s)
            return
        until_ns = clock.elapsed_ns() + int(beyond_s * 1e9)
        self.crew.listen_until(lambda: clock.elapsed_ns() > until_ns, deadline_s=beyond_s + _ANSWERS_S)

    def new_orders(self) -> list[Order]:
        """Return a few orders with which the steady state is asked for; none was ever delivered."""
        first, self._steady = self._steady, self._steady + _STEADY
        keys = [f"steady-{self._ground.seed:08x}-{first + at:03d}" for at in range(_STEADY)]
        return [
            Order("order", key, {"symbol": "BTCUSDT", "quantity": at + 1}, _NEVER)
            for at, key in enumerate(keys, first)
        ]

    def unsteady(self, orders: Sequence[Order], unsettled: Sequence[Order]) -> str:
        """Return what is not as it should be once new *orders* were delivered; empty if all is.

        Args:
            orders: They.
            unsettled: Those of them that were answered neither OK nor with a conflict.
        """
        if unsettled:
            return f"{len(unsettled)} of {len(orders)} new orders were not answered OK"
        landed = sum(len(self.venue.control.ask(key=order.key)) for order in orders)
        return "" if landed == len(orders) else f"the book has {landed} lines for {len(orders)} new orders"

    # Within.

    def _open_server(self, stack: ExitStack) -> OwnedServer | ForeignServer:
        choice = self._ground.choice
        if isinstance(choice, ExternalChoice):
            foreign = [fault for fault in self._ground.faults if fault.word.startswith("server_")]
            if foreign:
                raise CouldNotRunError(f"{foreign[0]} acts on the server itself, and an external one is not ours")
            return stack.enter_context(ForeignServer(choice.url, shown=choice.text))
        is_killed = any(fault.meaning is WORDS["server_kill"] for fault in self._ground.faults)
        return stack.enter_context(open_owned(choice, appendonly=is_killed))

    def _open_way(self, stack: ExitStack) -> str:
        """Return the URL at which the workers find the server."""
        server, ground = self.server, self._ground
        if (
            not isinstance(server, ForeignServer)
            and not ground.bind
            and not any(fault.meaning.needs_proxy for fault in ground.faults)
        ):
            return server.url
        opened = open_toxiproxy(ground.toxiproxy, run_seed=ground.seed, open_to=_ip(ground.bind))
        toxiproxy = stack.enter_context(opened)
        listen = f"{ground.bind}:{ground.port}" if ground.bind else None
        upstream = server.upstream if isinstance(server, ForeignServer) else f"127.0.0.1:{server.port}"
        self.site.proxy = toxiproxy.client.create(upstream, "redis", listen=listen)
        return self.url_at("127.0.0.1" if ground.bind in _EVERYWHERE else self.site.proxy.listen.rpartition(":")[0])

    def url_at(self, host: str) -> str:
        """Return the URL by which the server is found through the proxy, which is at *host*."""
        listen = f"{host}:{self.site.the_proxy.port}"
        return self.server.through(listen) if isinstance(self.server, ForeignServer) else f"redis://{listen}"

    def _prepare(self, stack: ExitStack) -> None:
        """Let the subject prepare the store; of an external one, all that came by the run is removed in the end."""
        subject = self._ground.subject
        if isinstance(self.server, ForeignServer):
            pattern = f"*-{self._ground.seed:08x}-[0-9]*"
            stack.callback(self.server.clean, pattern, self.server.prepare(subject))
        else:
            subject.prepare(self.server.url)


def _ip(host: str) -> str:
    """Return the IP address of the host to which a user bound; empty where there is none."""
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0]) if host else ""
    except OSError as error:
        raise WrongInputError(f"--bind {host}: no such host ({error.strerror})") from error
