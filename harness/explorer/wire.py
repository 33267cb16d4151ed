"""Real connections to the server, kept handshaken and handed from one client to the next.

A wire carries one request and its reply at a time. Its set-up (HELLO, AUTH, SELECT, CLIENT ...) is its signature: a
fresh client whose set-up has been seen before gets the stored replies and later a wire of that signature, so that
making a client costs no round trip.
"""

from __future__ import annotations

import socket
from typing import Any

import hiredis

from harness.errors import CouldNotRunError

Signature = tuple[bytes, ...]
_WAIT = object()


class Wire:
    """One connected socket to the server."""

    __slots__ = ("_reader", "_socket", "signature")

    def __init__(self, path: str | tuple[str, int], *, timeout_s: float) -> None:
        family = socket.AF_UNIX if isinstance(path, str) else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        self._reader = hiredis.Reader(notEnoughData=_WAIT)
        self.signature: Signature = ()
        try:
            self._socket.connect(path)
            if family == socket.AF_INET:
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            self._socket.close()
            raise CouldNotRunError(f"cannot connect to the Redis server at {path}: {error}") from error

    def ask(self, raw: bytes) -> tuple[bytes, Any]:
        """Send the bytes of one request and return the bytes and the value of its reply.

        Raises:
            CouldNotRunError: The server is gone or silent.
        """
        try:
            self._socket.sendall(raw)
            received = b""
            while True:
                chunk = self._socket.recv(65536)
                if not chunk:
                    raise CouldNotRunError("the Redis server closed the connection in the middle of a schedule")
                received = received + chunk if received else chunk
                self._reader.feed(chunk)
                value = self._reader.gets()
                if value is not _WAIT:
                    return received, value
        except OSError as error:
            raise CouldNotRunError(f"the Redis server does not answer any more: {error}") from error

    def close(self) -> None:
        """Close the socket; the server drops what the connection held (MULTI, WATCH)."""
        self._socket.close()


class WirePool:
    """Wires by signature, and the stored replies of every set-up seen so far."""

    def __init__(self, path: str | tuple[str, int], *, timeout_s: float = 10.0) -> None:
        self.path = path
        self._timeout_s = timeout_s
        self._idle: dict[Signature, list[Wire]] = {}
        self._replies: dict[Signature, bytes] = {}
        self._quiet = socket.socketpair()
        self.opened = 0

    def quiet_fileno(self) -> int:
        """Return a descriptor that is open and never readable, for clients that poll before they send."""
        return self._quiet[0].fileno()

    def set_up(self, signature: Signature, raw: bytes) -> tuple[Signature, bytes]:
        """Return the signature after one more set-up command, and the bytes to answer it with."""
        after = (*signature, raw)
        reply = self._replies.get(after)
        if reply is None:
            wire = self.take(signature)
            reply, _ = wire.ask(raw)
            wire.signature = after
            self._replies[after] = reply
            self.give_back(wire)
        return after, reply

    def take(self, signature: Signature) -> Wire:
        """Return an idle wire of the signature, or a new one that has been set up."""
        idle = self._idle.get(signature)
        if idle:
            return idle.pop()
        wire = Wire(self.path, timeout_s=self._timeout_s)
        self.opened += 1
        for raw in signature:
            wire.ask(raw)
        wire.signature = signature
        return wire

    def give_back(self, wire: Wire) -> None:
        """Keep a clean wire for the next client."""
        self._idle.setdefault(wire.signature, []).append(wire)

    def close(self) -> None:
        """Close every idle wire."""
        for end in self._quiet:
            end.close()
        for wires in self._idle.values():
            for wire in wires:
                wire.close()
        self._idle.clear()
