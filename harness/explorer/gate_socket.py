"""The socket that a gated client believes to be its connection to Redis.

It cuts the client's bytes into steps and brings each to the gate before the server sees it. It answers connection
set-up from what the pool has seen before, and takes a real wire only for a step.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Protocol

from harness.explorer.commands import SETUP, UNGATEABLE, blocks
from harness.explorer.resp import Request, RequestReader
from harness.explorer.steps import Bytes, CommandStep, Cut, TimedOut

if TYPE_CHECKING:
    from harness.explorer.commands import CommandTable
    from harness.explorer.wire import Signature, Wire, WirePool

_LOUD_CLIENT = frozenset({b"REPLY", b"TRACKING", b"KILL", b"PAUSE", b"UNPAUSE", b"UNBLOCK"})
"""Subcommands of CLIENT that touch other clients, or after which replies do not answer requests one to one."""
HOLDING = "WATCH"
"""The command after which the connection holds something at the server, so that its wire may serve nobody else."""
_FREEING = ("MULTI", "UNWATCH")
_CLOSED = -1


class Passage(Protocol):
    """What brings a step of the running process to the gate and returns what it experiences."""

    def pass_command(self, step: CommandStep, gate_socket: GateSocket) -> Bytes | Cut | TimedOut:
        """Hold the running process until the step is chosen, then say what came of it."""

    def refuse(self, reason: str) -> None:
        """End the schedule: the subject does what this gate cannot hold."""


def play(wire: Wire, step: CommandStep) -> tuple[bytes, Any]:
    """Send the step's requests over *wire*; return the bytes and the value of the reply that counts."""
    for part in step.parts[:-1]:
        wire.ask(part)
    return wire.ask(step.parts[-1])


class GateSocket:
    """Looks like a connected ``socket.socket`` to redis-py's Connection and its parsers."""

    def __init__(self, pool: WirePool, table: CommandTable, passage: Passage) -> None:
        self._pool = pool
        self._table = table
        self._passage = passage
        self._reader = RequestReader()
        self._signature: Signature = ()
        self._incoming = bytearray()
        self._ending: Cut | TimedOut | None = None
        self._block: list[Request] | None = None
        self._held: Wire | None = None
        self._is_open = True

    # What redis-py calls.

    def sendall(self, data: bytes) -> None:
        """Bring every request in *data* to the gate, one after the other."""
        if not self._is_open:
            raise OSError(9, "the connection is closed")
        for request in self._reader.feed(bytes(data)):
            if self._ending is not None:
                return
            self._take(request)

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
        if self._incoming:
            data = bytes(self._incoming[:size])
            if not flags & socket.MSG_PEEK:
                del self._incoming[:size]
            return data
        if isinstance(self._ending, Cut) or not self._is_open:
            return b""
        raise TimeoutError("timed out")

    def fileno(self) -> int:
        """Return a descriptor that never becomes readable: replies are read as soon as they are there."""
        return self._pool.quiet_fileno() if self._is_open else _CLOSED

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
        self._is_open = False
        self.drop_held()

    # What the gate calls.

    def drop_held(self) -> None:
        """Close the wire that holds state of this connection, if there is one."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def hand_over_held(self) -> Wire | None:
        """Give up the wire that holds state of this connection, for a request of it that lands later."""
        held, self._held = self._held, None
        return held

    def exchange(self, step: CommandStep) -> tuple[bytes, Any]:
        """Let the step happen at the server; return the reply's bytes and value."""
        wire = self._held or self._pool.take(step.signature)
        reply, value = play(wire, step)
        if step.name == HOLDING:
            self._held = wire
        elif self._held is None or step.name.startswith(_FREEING):
            # EXEC and UNWATCH end the watch: the wire is clean again.
            self._held = None
            self._pool.give_back(wire)
        return reply, value

    # Within.

    def _take(self, request: Request) -> None:
        name = request.name
        if name in SETUP:
            self._set_up(request)
        elif name in UNGATEABLE:
            self._passage.refuse(f"uses {name}, which {UNGATEABLE[name]}")
        elif blocks(request.words):
            self._passage.refuse(f"uses {name}, which may wait for another client while the gate holds everybody")
        elif self._block is not None:
            self._continue_block(request)
        elif name == "MULTI":
            self._block = [request]
            self._incoming += b"+OK\r\n"
        else:
            self._pass(
                CommandStep(
                    name=name,
                    keys=self._table.keys(request.words),
                    may_write=self._table.may_write(request.words),
                    parts=(request.raw,),
                    signature=self._signature,
                ),
            )

    def _set_up(self, request: Request) -> None:
        if request.name == "CLIENT" and _LOUD_CLIENT.intersection(word.upper() for word in request.words[1:2]):
            self._passage.refuse(f"uses {b' '.join(request.words[:2]).decode('ascii', 'replace')}")
        self._signature, reply = self._pool.set_up(self._signature, request.raw)
        self._incoming += reply

    def _continue_block(self, request: Request) -> None:
        block = self._block or []
        block.append(request)
        if request.name == "DISCARD":
            self._block = None
            self._incoming += b"+OK\r\n"
        elif request.name == "EXEC":
            self._block = None
            inner = block[1:-1]
            self._pass(
                CommandStep(
                    name="MULTI " + " ".join(each.name for each in inner),
                    keys=tuple(key for each in inner for key in self._table.keys(each.words)),
                    may_write=any(self._table.may_write(each.words) for each in inner),
                    parts=tuple(each.raw for each in block),
                    signature=self._signature,
                ),
            )
        else:
            self._incoming += b"+QUEUED\r\n"

    def _pass(self, step: CommandStep) -> None:
        came = self._passage.pass_command(step, self)
        if isinstance(came, Bytes):
            self._incoming += came.data
        else:
            self._ending = came
            self.drop_held()
