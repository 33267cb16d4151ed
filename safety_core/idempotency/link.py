"""Connections of the blocking guard: a small free list, and the loop that drives the protocol's generator.

A connection serves one call at a time. It is never used again after anything went wrong on it, never shared with a
forked child, and never held while an effect runs.
"""

from __future__ import annotations

import os
import socket
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

    __slots__ = ("_feed", "connection", "facts")

    def __init__(self, connection: Wire) -> None:
        """Take a connection that is connected."""
        self.connection = connection
        self.facts = LinkFacts()
        is_plain = type(connection._sock) is socket.socket and os.name == "posix"  # noqa: SLF001
        # Only the parser of hiredis has a reader that can be fed.
        reader = getattr(connection._parser, "_reader", None)  # noqa: SLF001
        self._feed = getattr(reader, "feed", None) if is_plain else None

    def one(self, packet: bytes) -> Any:
        """Send one command; return its reply or a StoreFailure."""
        connection = self.connection
        try:
            # What send_packed_command and read_response of redis-py come down to, at a third of their cost.
            self._send(packet)
            reply = connection._parser.read_response()  # noqa: SLF001
        except Exception as error:  # noqa: BLE001 - the table decides what it says of the command
            return self._failed(error)
        return self._failed(reply) if isinstance(reply, Exception) else reply

    def _send(self, packet: bytes) -> None:
        """Send `packet` whole, and read what is there by then.

        Python polls before every send and receive on a socket with a time limit. A plain socket is therefore first
        tried without waiting; what that leaves over is sent, and read by the parser, within the time limit.
        """
        sock, feed = self.connection._sock, self._feed  # noqa: SLF001
        if feed is None:
            sock.sendall(packet)
            return
        # A closed socket's number is -1: these bytes never reach whoever was given its number next.
        try:
            sent = os.write(sock.fileno(), packet)
        except BlockingIOError:
            sent = 0
        if sent != len(packet):
            sock.sendall(packet[sent:])
        try:
            feed(os.read(sock.fileno(), _READ_BYTES))
        except BlockingIOError:
            return

    def _failed(self, error: Exception) -> StoreFailure:
        failure = command_failure(error)
        if failure.code != "NOSCRIPT":
            self.connection.disconnect()
        return failure

    def several(self, exchange: Exchange) -> Any:
        """Send several commands at once; return their replies or a StoreFailure for all of them."""
        connection = self.connection
        try:
            self._send(exchange.packet)
            read = connection._parser.read_response  # noqa: SLF001
            replies = [read() for _ in range(exchange.replies)]
        except Exception as error:  # noqa: BLE001 - the table decides what it says of the commands
            return self._failed(error)
        failed = command_failure if exchange.may_be_refused else self._failed
        return [failed(reply) if isinstance(reply, Exception) else reply for reply in replies]


class LinkPool:
    """Idle connections of one guard. Safe for threads (list operations are atomic) and for forks (by process id)."""

    __slots__ = ("_address", "_idle", "_pid")

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: list[Link] = []
        self._pid = os.getpid()

    def take(self) -> Link | StoreFailure:
        """Return an idle connection, else a new one, else why there is none."""
        if os.getpid() != self._pid:
            self._idle, self._pid = [], os.getpid()
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
        while True:
            try:
                link = self._idle.pop()
            except IndexError:
                return
            link.connection.disconnect()

    def _dial(self) -> Link | StoreFailure:
        try:
            connection = make_connection(self._address)
            connection.connect()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing of ours was sent
            return connect_failure(error)
        return Link(connection)


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
