"""One connection through a proxy: the client's socket, the server's, a link each way, and what ends them.

As in Toxiproxy, an end in one direction closes the other side's socket: there are no half-open connections.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Any, cast

from harness.toxiproxy.embedded.conversation import Conversation
from harness.toxiproxy.embedded.link import Link, Outlet

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from harness.toxiproxy.embedded.rules import Rules

_READ_BYTES = 65_536
"""With the 256 KiB that asyncio reads at a time, every read allocates and frees pages anew."""
_NO_LINGER = struct.pack("ii", 1, 0)


class Side(asyncio.Protocol):
    """One socket of a connection.

    Attributes:
        take: What is done with the bytes that it receives.
        on_made: Called when the socket is there.
        on_end: Called when it gives nothing more, once or more often.
        outlet: The end of the link that writes to it.
        link: That link.
        said: The last bytes that it received.
        pieces: How many times it has received bytes since the other side last did.
        sent: Bytes that were written to it.
        closed: Done when the socket is gone.
    """

    def __init__(self, connection: Connection) -> None:
        self._early: list[bytes] = []
        self._has_ended_early = False
        self.take: Callable[[bytes], None] = self._early.append
        self.on_made: Callable[[], None] = lambda: None
        self.on_end: Callable[[], None] = self._end_early
        self.outlet: Outlet | None = None
        self.link: Link | None = None
        self.said = b""
        self.pieces = 0
        self.sent = 0
        self.closed = asyncio.get_running_loop().create_future()
        self._connection = connection
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket; nothing is read before both sides are there."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.pause_reading()
        if hasattr(transport, "max_size"):
            cast("Any", transport).max_size = _READ_BYTES
        self.on_made()

    @property
    def is_made(self) -> bool:
        """Whether there was a socket."""
        return self._transport is not None

    def open(self, take: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        """Hand on what comes from now on, after what came before: uvloop reads although it was told to wait."""
        self.take, self.on_end = take, on_end
        self.resume()
        for data in self._early:
            take(data)
        self._early.clear()
        if self._has_ended_early:
            on_end()

    def _end_early(self) -> None:
        self._has_ended_early = True

    def data_received(self, data: bytes) -> None:
        """Hand *data* on."""
        connection = self._connection
        if connection.speaker is self:
            self.pieces += 1
        else:
            connection.speaker = self
            self.pieces = 1
        self.said = data
        self.take(data)

    def eof_received(self) -> bool:
        """Keep the socket for what still goes to it."""
        self.on_end()
        return True

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """End what reads from this side."""
        if not self.closed.done():
            self.closed.set_result(None)
        if self.outlet is not None:
            self.outlet.set_writable(is_writable=True)
        self.on_end()
        self._connection.side_lost()

    def pause_writing(self) -> None:
        """Note that this side takes no more for now."""
        self._set_writable(is_writable=False)

    def resume_writing(self) -> None:
        """Note that it does again."""
        self._set_writable(is_writable=True)

    def _set_writable(self, *, is_writable: bool) -> None:
        if self.outlet is not None:
            self.outlet.set_writable(is_writable=is_writable)
        if self.link is not None:
            self.link.regulate()

    def pause(self) -> None:
        """Stop reading."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def write(self, data: bytes) -> None:
        """Send *data*; what comes after the end is dropped."""
        if self._transport is not None and not self._transport.is_closing():
            self.sent += len(data)
            self._transport.write(data)

    def close(self) -> None:
        """Close once all is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def reset_when_closed(self) -> None:
        """Let the kernel send a reset instead of an orderly end."""
        if self._transport is not None and not self._transport.is_closing():
            end: socket.socket = self._transport.get_extra_info("socket")
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)


class Connection:
    """A client, its server, and the two links between them.

    Attributes:
        number: Its number at this proxy, from 1.
        client: The client's side.
        server: The server's side.
        upstream: The link from client to server.
        downstream: The link from server to client.
        speaker: The side that received bytes last.
    """

    def __init__(self, number: int, draw: Callable[[str], Random], on_lost: Callable[[Connection], None]) -> None:
        self.number = number
        self.client, self.server = Side(self), Side(self)
        self.speaker: Side | None = None
        self._on_lost = on_lost
        self._conversation: Conversation | None = None
        self._lost = 0
        self._is_open = False
        self.upstream = self._linked(self.client, self.server, draw)
        self.downstream = self._linked(self.server, self.client, draw)

    @staticmethod
    def _linked(source: Side, target: Side, draw: Callable[[str], Random]) -> Link:
        outlet = Outlet(target.write, target.close)
        link = Link(source, outlet, draw)
        target.outlet, target.link = outlet, link
        return link

    def open(self) -> None:
        """Let the bytes flow: both sides are connected and the toxics are set up."""
        self._is_open = True
        self.client.open(self.upstream.accept, self.upstream.end)
        if self._conversation is not None:
            self.server.open(self._conversation.take_replies, self._conversation.end_replies)
        else:
            self.server.open(self.downstream.accept, self.downstream.end)
        self.upstream.regulate()
        self.downstream.regulate()

    def side_lost(self) -> None:
        """Note that one of the two sockets is gone."""
        self._lost += 1
        if self._lost == len((self.client, self.server)):
            self.upstream.stop()
            self.downstream.stop()
            self._on_lost(self)

    def reset_when_closed(self) -> None:
        """Let both sockets end with a reset."""
        self.client.reset_when_closed()
        self.server.reset_when_closed()

    def cut(self) -> None:
        """Close both sockets; what was written before still goes out."""
        self.client.close()
        self.server.close()

    def abort(self) -> None:
        """Close both sockets at once."""
        self.client.abort()
        self.server.abort()

    def follow(self, rules: Rules) -> None:
        """Cut what passes into commands from now on, so that *rules* can strike them."""
        if self._conversation is not None:
            return
        conversation = self._conversation = Conversation(rules, self.number, self)
        if self._is_open:
            is_whole = self.speaker is self.server and self.client.pieces == self.server.pieces == 1
            conversation.join(self.client.said, self.server.said, is_whole_turn=is_whole)
        self.upstream.outlet.write = conversation.take_requests
        self.upstream.outlet.end = conversation.end_requests
        if self._is_open:
            self.server.take, self.server.on_end = conversation.take_replies, conversation.end_replies

    def to_server(self, data: bytes) -> None:
        """Write *data* to the server."""
        self.server.write(data)

    def to_client(self, data: bytes) -> None:
        """Hand *data* to the toxics on the way to the client."""
        self.downstream.accept(data)

    def end_to_server(self) -> None:
        """Close the server's side."""
        self.server.close()

    def end_to_client(self) -> None:
        """Tell the toxics on the way to the client that nothing more comes."""
        self.downstream.end()
