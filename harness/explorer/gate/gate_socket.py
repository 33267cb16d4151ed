"""The socket that a client in our own interpreter believes to be its connection to Redis."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from harness.explorer.gate.link import MOST_CONNECTIONS, Link
from harness.explorer.world.process import running
from harness.explorer.world.steps import Cut

if TYPE_CHECKING:
    from harness.explorer.gate.commands import CommandTable
    from harness.explorer.gate.link import Passage
    from harness.explorer.gate.wire import WirePool

_CLOSED = -1
_PEEK = int(socket.MSG_PEEK)


class GateSocket:
    """Looks like a connected ``socket.socket`` to redis-py's Connection and its parsers."""

    def __init__(self, pool: WirePool, table: CommandTable, passage: Passage) -> None:
        self._process = running()
        if self._process is not None:
            self._process.connections += 1
            if self._process.connections > MOST_CONNECTIONS:
                passage.refuse(f"opens more than {MOST_CONNECTIONS} connections at once")
        self._pool = pool
        self._link = Link(pool, table, passage)
        self._is_open = True

    def sendall(self, data: bytes) -> None:
        """Bring every request in *data* to the gate, one after the other."""
        if not self._is_open:
            raise OSError(9, "the connection is closed")
        self._link.send(bytes(data))

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Fill *buffer* with what the server answered."""
        data = self.recv(nbytes or len(buffer), flags)
        buffer[: len(data)] = data
        return len(data)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return what the server answered; ``b""`` after a cut.

        Raises:
            TimeoutError: The time limit was raised, or nothing was asked.
        """
        incoming = self._link.incoming
        if incoming:
            data = bytes(incoming[:size])
            if not flags & _PEEK:
                del incoming[:size]
            return data
        if isinstance(self._link.ending, Cut) or self._link.is_stale or not self._is_open:
            return b""
        raise TimeoutError("timed out")

    def fileno(self) -> int:
        """Return a descriptor that is readable only where the connection is gone: replies are read at once."""
        if not self._is_open:
            return _CLOSED
        return self._pool.ended_fileno() if self._link.is_stale else self._pool.quiet_fileno()

    def settimeout(self, seconds: float | None) -> None:
        """Take a time limit; the gate decides when it is raised."""

    def gettimeout(self) -> float | None:
        """Return no time limit."""
        return None

    def setsockopt(self, *arguments: object) -> None:
        """Take an option; there is no network below."""

    def getpeername(self) -> tuple[str, int]:
        """Return a loopback address."""
        return ("127.0.0.1", 0)

    def shutdown(self, how: int) -> None:
        """Take the announcement of a close."""

    def close(self) -> None:
        """Close; what the connection held at the server (WATCH) is dropped there too."""
        if self._is_open and self._process is not None:
            self._process.connections -= 1
        self._is_open = False
        self._link.drop_held()
