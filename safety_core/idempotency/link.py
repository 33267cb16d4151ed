"""Connections of the blocking guard: a small free list, and the loop that drives the protocol's generator.

A connection serves one call at a time. It is never used again after anything went wrong on it, never shared with a
forked child, and never held while an effect runs.
"""

from __future__ import annotations

import os
import socket
import struct
import weakref
from typing import TYPE_CHECKING, Any, TypeVar, final

from .answers import Claim
from .connection import Address, command_failure, connect_failure, make_connection
from .steps import Exchange, LinkFacts, Open, Steps
from .store_failure import StoreFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from .connection import Wire

T = TypeVar("T")
_MAX_IDLE = 16
_READ_BYTES = 4096


@final
class Link:
    """One connection and what was learnt through it.

    Attributes:
        connection: The connection of redis-py.
        facts: What is known of the store behind it.
    """

    __slots__ = ("_nothing", "_reader", "connection", "facts")

    def __init__(self, connection: Wire) -> None:
        """Take a connection that is connected."""
        self.connection = connection
        self.facts = LinkFacts()
        # Only the parser of hiredis has a reader that can be fed.
        reader = getattr(connection._parser, "_reader", None)  # noqa: SLF001
        self._reader = reader if hasattr(reader, "feed") and _timed_by_the_system(connection._sock) else None  # noqa: SLF001
        self._nothing = None if self._reader is None else self._reader.gets()
        """What the reader gives while a reply is not whole."""

    def one(self, packet: bytes) -> Any:
        """Send one command; return its reply or a StoreFailure."""
        try:
            self.connection._sock.sendall(packet)  # noqa: SLF001
            reply = self._reply()
        except Exception as error:  # noqa: BLE001 - the table decides what it says of the command
            return self._failed(error)
        return self._failed(reply) if isinstance(reply, Exception) else reply

    def several(self, exchange: Exchange) -> Any:
        """Send several commands at once; return their replies or a StoreFailure for all of them."""
        try:
            self.connection._sock.sendall(exchange.packet)  # noqa: SLF001
            replies = [self._reply() for _ in range(exchange.replies)]
        except Exception as error:  # noqa: BLE001 - the table decides what it says of the commands
            return self._failed(error)
        failed = command_failure if exchange.may_be_refused else self._failed
        return [failed(reply) if isinstance(reply, Exception) else reply for reply in replies]

    def _reply(self) -> Any:
        """Read one reply; an error reply is returned, not raised.

        What read_response of redis-py comes down to for a server that pushes nothing, at a third of its cost.
        """
        reader, sock = self._reader, self.connection._sock  # noqa: SLF001
        if reader is None:
            return self.connection._parser.read_response()  # noqa: SLF001
        while (reply := reader.gets()) is self._nothing:
            try:
                received = sock.recv(_READ_BYTES)
            except BlockingIOError as error:
                raise TimeoutError("the server did not answer in time") from error
            if not received:
                raise ConnectionError("the server closed the connection")
            reader.feed(received)
        return reply

    def _failed(self, error: Exception) -> StoreFailure:
        failure = command_failure(error)
        if failure.code != "NOSCRIPT":
            self.connection.disconnect()
        return failure


def _timed_by_the_system(sock: Any) -> bool:
    """Hand the time limit of a plain socket over to the kernel; return whether that could be done.

    Python polls before each send and receive on a socket with a time limit of its own; the kernel's costs nothing.
    """
    limit_s = sock.gettimeout() if type(sock) is socket.socket and os.name == "posix" else None
    if not limit_s:
        return False
    seconds, rest = divmod(limit_s, 1)
    timeval = struct.pack("ll", int(seconds), max(1, int(rest * 1_000_000)))
    for way in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        sock.setsockopt(socket.SOL_SOCKET, way, timeval)
    sock.settimeout(None)
    return True


class LinkPool:
    """Idle connections of one guard. Safe for threads (list operations are atomic) and for forks (by process id)."""

    __slots__ = ("__weakref__", "_address", "_idle", "_pid")

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: list[Link] = []
        self._pid = os.getpid()
        # Not by `__del__`: the collector may come to a socket before it comes to the pool that would have closed it.
        weakref.finalize(self, _close_all, self._idle)

    def take(self) -> Link | StoreFailure:
        """Return an idle connection, else a new one, else why there is none."""
        if os.getpid() != self._pid:
            self._idle.clear()
            self._pid = os.getpid()
        try:
            return self._idle.pop()
        except IndexError:
            return self._dial()

    def take_fresh(self) -> Link | StoreFailure:
        """Close every idle connection and return a new one."""
        self.close()
        return self._dial()

    def give_back(self, link: Link | None) -> None:
        """Keep a connection for the next call, unless there is none or it was closed."""
        if link is None or link.connection._sock is None:  # noqa: SLF001 - its property costs a call
            return
        if len(self._idle) < _MAX_IDLE:
            self._idle.append(link)
        else:
            link.connection.disconnect()

    def close(self) -> None:
        """Close every idle connection."""
        _close_all(self._idle)

    def _dial(self) -> Link | StoreFailure:
        try:
            connection = make_connection(self._address)
            connection.connect()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing of ours was sent
            return connect_failure(error)
        return Link(connection)


def _close_all(idle: list[Link]) -> None:
    while True:
        try:
            link = idle.pop()
        except IndexError:
            return
        link.connection.disconnect()


class Driver:
    """Runs the protocol's generator on blocking connections."""

    __slots__ = ("pool",)

    def __init__(self, pool: LinkPool) -> None:
        self.pool = pool

    def run(self, steps: Steps[T], perform: Callable[[Claim], Any] | None = None) -> T:
        """Drive `steps` to their end and return what they return.

        What is no Exception passes through: the connection in use is closed, and nothing is sent any more.
        """
        link: Link | None = None
        answer: Any = None
        try:
            while True:
                step = steps.send(answer)
                if type(step) is bytes:
                    answer = link.one(step) if link is not None else NOT_OPEN
                elif type(step) is Exchange:
                    answer = link.several(step) if link is not None else NOT_OPEN
                else:
                    if link is not None:
                        link, spare = None, link
                        self.pool.give_back(spare)
                    if type(step) is Open:
                        link, answer = self._open(step)
                    elif type(step) is Claim and perform is not None:
                        answer = _performed(perform, step)
        except StopIteration as end:
            link, spare = None, link
            self.pool.give_back(spare)
            result: T = end.value
            return result
        finally:
            # Left to the collector, its parts may be ended in an order in which Python complains.
            steps.close()
            if link is not None:
                link.connection.disconnect()

    def _open(self, step: Open) -> tuple[Link | None, LinkFacts | StoreFailure]:
        taken = self.pool.take_fresh() if step.fresh else self.pool.take()
        if type(taken) is Link:
            return taken, taken.facts
        return None, taken


NOT_OPEN = StoreFailure(applied_unknown=False, code="CONNECT", error=ConnectionError("no connection was opened"))
"""Answer to a command that no connection was opened for."""


def _performed(perform: Callable[[Claim], Any], claim: Claim) -> tuple[bool, Any]:
    try:
        return True, perform(claim)
    except Exception as error:  # noqa: BLE001 - every failure of an effect is judged by the classification table
        return False, error
