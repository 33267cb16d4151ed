"""One proxy: where it listens, where it leads, its toxics and its connections. Knows nothing of HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from harness import seed
from harness.toxiproxy.embedded.addresses import (
    WrongAddressError,
    listening_socket,
    name_of,
    port_of,
    resolve,
    shown,
    split,
)
from harness.toxiproxy.embedded.connection import Connection
from harness.toxiproxy.embedded.rules import Rules
from harness.toxiproxy.embedded.toxics.redis_rule import RedisRule

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from harness.toxiproxy.embedded.connection import Side
    from harness.toxiproxy.embedded.link import Link
    from harness.toxiproxy.embedded.toxics.redis_rule import Tally
    from harness.toxiproxy.embedded.toxics.toxic import Toxic


class Proxy:
    """A proxy that can be switched on and off.

    Attributes:
        name: Unique within the server.
        listen: ``HOST:PORT``; the real port once it has been on.
        upstream: ``HOST:PORT`` to which it leads.
        enabled: Whether it listens.
        toxics: What was added, each stream in its order.
    """

    def __init__(
        self,
        name: str,
        listen: str,
        upstream: str,
        *,
        run_seed: int,
        on_counted: Callable[[Proxy, Connection], None],
        open_to: str = "",
    ) -> None:
        """Describe a proxy that is off; *on_counted* is told of each connection that has ended."""
        self.name, self.listen, self.upstream = name, listen, upstream
        self._open_to = open_to
        self.enabled = False
        self.toxics: dict[bool, list[Toxic]] = {True: [], False: []}
        self._seed = run_seed
        self._on_counted = on_counted
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._dialling: dict[asyncio.Task[None], Connection] = {}
        self._made = 0
        self._rules = Rules(lambda toxic, number: self._draws(number, toxic.name).random() < toxic.toxicity)
        self._tallies: dict[str, Tally] = {}
        self._is_followed = False

    async def start(self) -> None:
        """Listen.

        Raises:
            WrongAddressError: It cannot; the proxy stays off.
        """
        listener = listening_socket(self.listen, self._open_to)
        self.listen = name_of(listener)
        self._server = await asyncio.get_running_loop().create_server(self._accept, sock=listener)
        self.enabled = True

    async def stop(self) -> None:
        """Stop listening and close every connection. May be called twice."""
        self.enabled = False
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for task in self._dialling:
            task.cancel()
        open_ones = [*self._connections, *self._dialling.values()]
        for connection in open_ones:
            connection.abort()
        # Only then are the sockets really closed, and the port is free.
        await asyncio.gather(
            *(side.closed for each in open_ones for side in (each.client, each.server) if side.is_made)
        )
        await server.wait_closed()

    def differs(self, listen: str, upstream: str) -> bool:
        """Return whether these are other addresses than the proxy's.

        Raises:
            WrongAddressError: *listen* is no address.
        """
        return self.listen != shown(*resolve(listen, self._open_to)) or self.upstream != upstream

    async def update(self, listen: str, upstream: str, *, enabled: bool) -> None:
        """Bring the proxy to these addresses and this state; other addresses close every connection.

        Raises:
            WrongAddressError: It cannot listen there; it is off then.
        """
        if self.differs(listen, upstream):
            await self.stop()
            self.listen, self.upstream = listen, upstream
        if enabled and not self.enabled:
            await self.start()
        elif not enabled:
            await self.stop()

    def toxic(self, name: str) -> Toxic | None:
        """Return the toxic of this name, None where there is none."""
        return next((toxic for toxic in self.all_toxics() if toxic.name == name), None)

    def all_toxics(self) -> list[Toxic]:
        """Return the toxics as the API lists them: upstream first."""
        return [*self.toxics[True], *self.toxics[False]]

    def tally(self, toxic: Toxic) -> Tally | None:
        """Return what the rule *toxic* has seen; None for a toxic that is no rule."""
        return self._tallies.get(toxic.name)

    def add(self, toxic: Toxic) -> None:
        """Put *toxic* behind the others of its stream, on open connections too."""
        self.toxics[toxic.is_upstream].append(toxic)
        for link in self._links(toxic):
            link.add(toxic)
        self._set_rule(toxic)

    async def change(self, toxic: Toxic) -> None:
        """Let *toxic*, whose settings have changed, go on with them."""
        at = self.toxics[toxic.is_upstream].index(toxic)
        self._set_rule(toxic)
        await asyncio.gather(*(link.change(at, toxic) for link in self._links(toxic)))

    async def remove(self, toxic: Toxic) -> None:
        """Take *toxic* away."""
        chain = self.toxics[toxic.is_upstream]
        at = chain.index(toxic)
        del chain[at]
        self._rules.remove(toxic)
        self._tallies.pop(toxic.name, None)
        await asyncio.gather(*(link.remove(at, toxic) for link in self._links(toxic)))

    async def remove_all(self) -> None:
        """Take every toxic away."""
        for toxic in self.all_toxics():
            await self.remove(toxic)

    def to_object(self) -> dict[str, Any]:
        """Return the proxy as the API answers it."""
        return {
            "name": self.name,
            "listen": self.listen,
            "upstream": self.upstream,
            "enabled": self.enabled,
            "Logger": {},
            "toxics": [self.toxic_object(toxic) for toxic in self.all_toxics()],
        }

    def toxic_object(self, toxic: Toxic) -> dict[str, Any]:
        """Return *toxic* as the API answers it, a rule with what it has seen."""
        written = toxic.to_object()
        tally = self.tally(toxic)
        if tally is not None:
            seen = {"matched": tally.matched, "struck": tally.struck, "unfollowed": tally.unfollowed}
            written["attributes"] = {**written["attributes"], **seen}
        return written

    def _set_rule(self, toxic: Toxic) -> None:
        if isinstance(toxic.settings, RedisRule):
            self._tallies[toxic.name] = self._rules.set(toxic, toxic.settings)
            self._is_followed = True
            for connection in self._connections:
                connection.follow(self._rules)

    def _links(self, toxic: Toxic) -> list[Link]:
        return [each.upstream if toxic.is_upstream else each.downstream for each in self._connections]

    def _draws(self, connection: int, toxic: str) -> Random:
        """Return the draws of one toxic on one connection: they do not depend on what others draw."""
        return seed.stream(self._seed, f"toxiproxy:{self.name}:{connection}:{toxic}")

    def _accept(self) -> Side:
        self._made += 1
        number = self._made
        connection = Connection(number, lambda toxic: self._draws(number, toxic), self._lost)
        connection.client.on_made = lambda: self._start_dialling(connection)
        return connection.client

    def _start_dialling(self, connection: Connection) -> None:
        task = asyncio.get_running_loop().create_task(self._dial(connection))
        self._dialling[task] = connection
        task.add_done_callback(self._dialling.pop)

    async def _dial(self, connection: Connection) -> None:
        try:
            host, port = split(self.upstream)
            await asyncio.get_running_loop().create_connection(
                lambda: connection.server, host or "127.0.0.1", port_of(port)
            )
        except (OSError, WrongAddressError):
            connection.client.abort()
            return
        self._connections.add(connection)
        connection.upstream.start(self.toxics[True], connection.reset_when_closed)
        connection.downstream.start(self.toxics[False], connection.reset_when_closed)
        if self._is_followed:
            connection.follow(self._rules)
        connection.open()

    def _lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._on_counted(self, connection)
