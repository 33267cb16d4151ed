"""Where one program finds Redis: a listener on loopback, and the connections that came to it."""

from __future__ import annotations

import select
import socket
import struct
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from harness.explorer.gate.link import MOST_CONNECTIONS, Link
from harness.explorer.gate.wire import WirePool
from harness.explorer.world.steps import Cut, TimedOut
from harness.processes.socket_limit import limit_waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.explorer.gate.commands import CommandTable
    from harness.explorer.gate.link import Passage
    from harness.explorer.gate.wire import Wire

_TO_RESET = struct.pack("ii", 1, 0)
_WRITE_S = 10.0
_PEEKED = 4096


class TooManyConnectionsError(Exception):
    """A program has more connections than a guard needs."""


class Connection:
    """One connection of a client in the program."""

    def __init__(self, client: socket.socket, link: Link) -> None:
        self.socket = client
        self.link = link

    def take(self) -> bool:
        """Bring what has come to the gate; say whether the client is still there.

        Raises:
            ProcessDead: The process was killed where it waited.
        """
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            # The client has closed: a reset spares both ends the waiting time of TCP.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _TO_RESET)
            return False
        self.link.send(data)
        return True

    def peek(self) -> bytes:
        """Return the beginning of what has come, and leave it there."""
        try:
            return self.socket.recv(_PEEKED, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError:
            return b""

    def answer(self) -> bool:
        """Hand over what the client is to read; say whether the connection stands."""
        link = self.link
        incoming = link.incoming
        if incoming:
            try:
                self.socket.sendall(incoming)
            except OSError:
                return False
            incoming.clear()
        return not isinstance(link.ending, Cut) and not link.is_stale

    def close(self) -> None:
        """Close it; what it held at the server (WATCH) is dropped there too."""
        self.link.drop_held()
        self.socket.close()


class Doorway:
    """The listeners of one program, one for each server that it asks, and its connections by descriptor.

    Attributes:
        leads_to_several: Whether the program asks more than one server.
        poller: Tells where something waits.
    """

    def __init__(self, table: CommandTable, passage: Passage, masters: int = 1) -> None:
        self._table = table
        self._passage = passage
        self._listeners = [socket.create_server(("127.0.0.1", 0), backlog=MOST_CONNECTIONS) for _ in range(masters)]
        self.leads_to_several = masters > 1
        self._masters = {listener.fileno(): number for number, listener in enumerate(self._listeners)}
        self._connections: dict[int, Connection] = {}
        self._subscribers: dict[int, Connection] = {}
        self._losses_seen = WirePool.losses
        self.poller = select.epoll()
        for listener in self._listeners:
            listener.setblocking(False)
            # Whom it lets in has this from it.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            limit_waiting(listener, _WRITE_S)
            self.poller.register(listener, select.EPOLLIN)

    def in_order(self, descriptors: list[int]) -> list[int]:
        """Return descriptors in an order that does not depend on whose thread came first.

        Whoever wants to come in is first. Then come the connections, by the server that they lead to and by what
        waits there; what else there is comes last.
        """
        return sorted(descriptors, key=self._rank)

    def _rank(self, descriptor: int) -> tuple[int, int, bytes]:
        connection = self._connections.get(descriptor)
        master = self._masters.get(descriptor, 0)
        if connection is not None:
            return 1, master, connection.peek()
        return (0 if descriptor in self._masters else 2), master, b""

    def url(self, target: str) -> str:
        """Return the URLs of the doorway, with the user and the database of *target* and commas between them."""
        return ",".join(self._url(listener, target) for listener in self._listeners)

    def _url(self, listener: socket.socket, target: str) -> str:
        parts = urlsplit(target)
        user = parts.netloc.rpartition("@")[0]
        here = f"127.0.0.1:{listener.getsockname()[1]}"
        path = parts.path if parts.scheme == "redis" else ""
        query = parts.query if parts.scheme == "unix" and parts.query.startswith("db=") else ""
        return urlunsplit(("redis", f"{user}@{here}" if user else here, path, query, ""))

    def serve(self, descriptor: int, pools: Sequence[WirePool]) -> Connection | None:
        """Do what waits at *descriptor*: let a client in, or take what it sends.

        Returns the connection whose client now waits for the end of its time limit; None where nobody does.

        Raises:
            TooManyConnectionsError: One more would be too many.
        """
        connection = self._connections.get(descriptor)
        if connection is None:
            self._serve_others(descriptor, pools)
            return None
        is_there = connection.take()
        if connection.link.subscription is not None:
            self._watch_messages(connection, connection.link.subscription)
        # The store may have been lost meanwhile: nobody may find out later than a client that is told at once.
        self.drop_stale(last=connection)
        if not is_there or not connection.answer():
            self.close_connection(connection)
            return None
        return connection if isinstance(connection.link.ending, TimedOut) else None

    def drop_stale(self, last: Connection | None = None) -> None:
        """Close the connections to a server that is gone; the client of *last* waits, and goes on at once."""
        if self._losses_seen == WirePool.losses:
            return
        self._losses_seen = WirePool.losses
        stale = [each for each in self._connections.values() if each.link.is_stale]
        for connection in sorted(stale, key=lambda each: each is last):
            self.close_connection(connection)

    def close_connection(self, connection: Connection) -> None:
        """Close one connection."""
        descriptor = connection.socket.fileno()
        if self._connections.pop(descriptor, None) is not None:
            self.poller.unregister(descriptor)
            del self._masters[descriptor]
            for wire in [wire for wire, subscriber in self._subscribers.items() if subscriber is connection]:
                self.poller.unregister(wire)
                del self._subscribers[wire]
            connection.close()

    def close_connections(self) -> None:
        """Close every connection."""
        for connection in list(self._connections.values()):
            self.close_connection(connection)

    def close(self) -> None:
        """Close the listener and every connection."""
        self.close_connections()
        for listener in self._listeners:
            listener.close()
        self.poller.close()

    def _serve_others(self, descriptor: int, pools: Sequence[WirePool]) -> None:
        listener = next((each for each in self._listeners if each.fileno() == descriptor), None)
        if listener is not None:
            self._let_in(listener, pools)
        else:
            self._bring_messages(descriptor)

    def _watch_messages(self, connection: Connection, wire: Wire) -> None:
        if wire.fileno() not in self._subscribers:
            self._subscribers[wire.fileno()] = connection
            self.poller.register(wire.fileno(), select.EPOLLIN)

    def _bring_messages(self, descriptor: int) -> None:
        connection = self._subscribers.get(descriptor)
        if connection is None or connection.link.subscription is None:
            return
        data = connection.link.subscription.receive()
        connection.link.incoming += data
        if not data or not connection.answer():
            self.close_connection(connection)

    def _let_in(self, listener: socket.socket, pools: Sequence[WirePool]) -> None:
        try:
            client, _ = listener.accept()
        except BlockingIOError:
            return
        if len(self._connections) >= MOST_CONNECTIONS:
            client.close()
            raise TooManyConnectionsError(f"opens more than {MOST_CONNECTIONS} connections at once")
        master = self._masters[client.fileno()] = self._masters[listener.fileno()]
        several = self.leads_to_several
        link = Link(pools[master], self._table, self._passage, master=master, is_one_of_many=several)
        self._connections[client.fileno()] = Connection(client, link)
        self.poller.register(client, select.EPOLLIN)
