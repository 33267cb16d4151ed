"""Real connections to the server, kept handshaken and handed from one client to the next.

A wire carries one request and its reply at a time. Its set-up (HELLO, AUTH, SELECT, CLIENT ...) is its signature: a
fresh client whose set-up has been seen before gets the stored replies and later a wire of that signature, so that
making a client costs no round trip.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import hiredis
import redis.connection

from harness.errors import CouldNotRunError
from harness.explorer.gate.commands import changes_told, tells_its_changes
from harness.explorer.gate.resp import packed
from harness.processes.socket_limit import limit_waiting

if TYPE_CHECKING:
    from harness.explorer.world.steps import CommandStep

Signature = tuple[bytes, ...]
Address = str | tuple[str, int]
_WAIT = object()
_PORT = 6379
_RECEIVED = 65_536
_CHANGES = b"rdb_changes_since_last_save:"
_HOW_MANY_CHANGES = packed(b"INFO", b"persistence")


class Wire:
    """One connected socket to the server."""

    __slots__ = ("_reader", "_socket", "signature")

    def __init__(self, address: Address, *, timeout_s: float) -> None:
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        limit_waiting(self._socket, timeout_s)
        self._reader = hiredis.Reader(notEnoughData=_WAIT)
        self.signature: Signature = ()
        try:
            self._socket.connect(address)
            if family == socket.AF_INET:
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            self._socket.close()
            raise CouldNotRunError(f"cannot connect to the Redis server at {address}: {error}") from error

    def ask(self, raw: bytes) -> tuple[bytes, Any]:
        """Send the bytes of one request and return the bytes and the value of its reply.

        Raises:
            CouldNotRunError: The server is gone or silent.
        """
        try:
            self._socket.sendall(raw)
            received = self._socket.recv(_RECEIVED)
        except OSError as error:
            raise _gone(error) from error
        self._reader.feed(received)
        while (value := self._reader.gets()) is _WAIT:
            received = self._with_more(received)
        return received, value

    def ask_and_count(self, raw: bytes) -> tuple[bytes, Any, int | None]:
        """Do as :meth:`ask`, and return how many changes the server has counted since then; None if it does not say.

        Raises:
            CouldNotRunError: The server is gone or silent.
        """
        received, value = self.ask(raw + _HOW_MANY_CHANGES)
        while (counted := self._reader.gets()) is _WAIT:
            received = self._with_more(received)
        if not isinstance(counted, bytes | str):
            # A user without INFO: the error is one line behind the reply that counts.
            return received[: received.rfind(b"\r\n", 0, -2) + 2], value, None
        start = received.rfind(b"# Persistence")
        end = max(received.rfind(b"$", 0, start), received.rfind(b"=", 0, start))
        at = received.find(_CHANGES, start) + len(_CHANGES)
        changes = int(received[at : received.find(b"\r\n", at)]) if at >= len(_CHANGES) else None
        return received[:end], value, changes

    def _with_more(self, received: bytes) -> bytes:
        try:
            chunk = self._socket.recv(_RECEIVED)
        except OSError as error:
            raise _gone(error) from error
        if not chunk:
            raise CouldNotRunError("the Redis server closed the connection in the middle of a schedule")
        self._reader.feed(chunk)
        return received + chunk

    def send(self, raw: bytes) -> None:
        """Send bytes whose answer :meth:`receive` returns, with whatever else comes.

        Raises:
            CouldNotRunError: The server is gone.
        """
        try:
            self._socket.sendall(raw)
        except OSError as error:
            raise _gone(error) from error

    def receive(self) -> bytes:
        """Return what has come, at least a byte; nothing where the server has closed."""
        try:
            return self._socket.recv(_RECEIVED)
        except OSError:
            return b""

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket; the server drops what the connection held (MULTI, WATCH)."""
        self._socket.close()


def _gone(error: OSError) -> CouldNotRunError:
    return CouldNotRunError(f"the Redis server does not answer any more: {error}")


class WirePool:
    """Wires by signature, and the stored replies of every set-up seen so far.

    Attributes:
        address: Where the server is.
        epoch: How often the server was lost; connections of an earlier epoch are gone.
        opened: How many wires were connected.
        scripts: Texts of the scripts that clients have sent, oldest first.
        only_db: The one database that clients may select; None where all are ours.
        losses: How often any server was lost, of all pools.
    """

    losses = 0

    def __init__(
        self,
        address: Address,
        *,
        own: Signature = (),
        timeout_s: float = 10.0,
        scripts: dict[bytes, None] | None = None,
    ) -> None:
        """Open a pool; nothing is connected yet.

        Args:
            address: Where the server is.
            own: How the harness itself sets a connection up.
            timeout_s: Seconds to wait for each reply.
            scripts: Texts of scripts that clients have sent elsewhere; None for none.
        """
        self.address = address
        self.scripts: dict[bytes, None] = {} if scripts is None else scripts
        self._own = own
        self.only_db: bytes | None = None
        self.epoch = 0
        self.opened = 0
        self._timeout_s = timeout_s
        self._idle: dict[Signature, list[Wire]] = {}
        self._replies: dict[tuple[Signature, bytes], tuple[Signature, bytes]] = {}
        self._changes: int | None = None
        self._quiet = socket.socketpair()
        self._ended, other = socket.socketpair()
        other.close()

    @classmethod
    def to(cls, url: str, *, scripts: dict[bytes, None] | None = None, is_ours: bool = True) -> WirePool:
        """Return the pool of the server at *url*, with the user and the database that it names."""
        told: Any = redis.connection.parse_url(url)  # type: ignore[no-untyped-call]  # redis-py has no type for it
        own: list[bytes] = []
        if told.get("password") is not None:
            own.append(packed(b"AUTH", *(told[name].encode() for name in ("username", "password") if told.get(name))))
        if told.get("db"):
            own.append(packed(b"SELECT", b"%d" % told["db"]))
        address = told.get("path") or (told.get("host", "localhost"), told.get("port", _PORT))
        pool = cls(address, own=tuple(own), scripts=scripts)
        pool.only_db = None if is_ours else b"%d" % (told.get("db") or 0)
        return pool

    def quiet_fileno(self) -> int:
        """Return a descriptor that is open and never readable, for clients that poll before they send."""
        return self._quiet[0].fileno()

    def ended_fileno(self) -> int:
        """Return a descriptor that is readable and at its end."""
        return self._ended.fileno()

    def known_set_up(self, signature: Signature, raw: bytes) -> tuple[Signature, bytes] | None:
        """Return what :meth:`set_up` returned for the same before; None where it was not asked."""
        return self._replies.get((signature, raw))

    def set_up(self, signature: Signature, raw: bytes) -> tuple[Signature, bytes]:
        """Return the signature after one more set-up command, and the bytes to answer it with."""
        known = self._replies.get((signature, raw))
        if known is None:
            wire = self.take(signature)
            reply, _ = wire.ask(raw)
            wire.signature = (*signature, raw)
            known = self._replies[signature, raw] = wire.signature, reply
            self.give_back(wire)
        return known

    def take(self, signature: Signature) -> Wire:
        """Return an idle wire of the signature, or a new one that has been set up."""
        idle = self._idle.get(signature)
        if idle:
            return idle.pop()
        wire = Wire(self.address, timeout_s=self._timeout_s)
        self.opened += 1
        for raw in signature:
            wire.ask(raw)
        wire.signature = signature
        return wire

    def give_back(self, wire: Wire) -> None:
        """Keep a clean wire for the next client."""
        self._idle.setdefault(wire.signature, []).append(wire)

    def play(self, wire: Wire, step: CommandStep) -> tuple[bytes, Any, bool]:
        """Send the step's requests; return bytes and value of the reply that counts, and whether it wrote.

        Whether a command has changed anything is in its reply, or is asked of the server, which counts its changes.
        Where neither tells, a command that may write has written.
        """
        for part in step.parts[:-1]:
            wire.ask(part)
        last = step.parts[-1]
        if not step.may_write:
            reply, value = wire.ask(last)
            return reply, value, False
        if tells_its_changes(step.name, step.parts):
            reply, value = wire.ask(last)
            told = changes_told(value)
            if told is not None:
                self._changes = None if self._changes is None else self._changes + told
                return reply, value, told > 0
            self.recount()
            return reply, value, True
        reply, value, changes = wire.ask_and_count(last)
        wrote = changes is None or changes != self._changes
        self._changes = changes
        return reply, value, wrote

    def ask(self, *words: bytes) -> Any:
        """Ask the server something of our own; return the reply's value."""
        wire = self.take(self._own)
        _, value, self._changes = wire.ask_and_count(packed(*words))
        self.give_back(wire)
        return value

    def recount(self) -> None:
        """Ask for the server's count of changes: somebody may have written beside the pool."""
        self.ask(b"PING")

    def load_scripts(self) -> None:
        """Let the server know every script that clients have sent."""
        for text in self.scripts:
            self.ask(b"SCRIPT", b"LOAD", text)

    def exchange(self, step: CommandStep) -> tuple[bytes, Any, bool]:
        """Let a step happen that no connection waits for; return what :meth:`play` does."""
        wire = self.take(step.signature)
        answered = self.play(wire, step)
        self.give_back(wire)
        return answered

    def lose(self, address: Address) -> None:
        """Forget every wire: the server they led to is gone, and the one at *address* stands in its place."""
        self.address = address
        self.epoch += 1
        WirePool.losses += 1
        self._changes = None
        self._close_idle()

    def close(self) -> None:
        """Close every idle wire."""
        for end in (*self._quiet, self._ended):
            end.close()
        self._close_idle()

    def _close_idle(self) -> None:
        for wires in self._idle.values():
            for wire in wires:
                wire.close()
        self._idle.clear()
