"""A way to a Redis server that counts what comes along it, and that can be cut.

Programs under test are given its address instead of the server's. It lives on the loop of whoever waits for the
program, so that nothing runs beside the test. Must never change a byte.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness import clock
from harness.errors import CouldNotRunError, WrongInputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

_PORT = 6379
_TIMEOUT_S = 5.0
_CHUNK = 65536


class Loop:
    """Waits for several files and sockets at once."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def watch(self, source: socket.socket | IO[bytes], act: Callable[[], None]) -> None:
        """Call *act* whenever *source* can be read, until :meth:`forget`."""
        self._selector.register(source, selectors.EVENT_READ, act)

    def forget(self, source: socket.socket | IO[bytes]) -> None:
        """Watch *source* no more; it may be unknown."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(source)

    def run(self, until: Callable[[], bool], *, seconds: float) -> bool:
        """Pass on what comes until the condition holds; say whether it did within *seconds* of real time."""
        deadline_ns = clock.elapsed_ns() + int(seconds * 1e9)
        while not until():
            left_s = (deadline_ns - clock.elapsed_ns()) / 1e9
            if left_s <= 0:
                return False
            for ready, _ in self._selector.select(left_s):
                ready.data()
        return True

    def close(self) -> None:
        """Watch nothing any more."""
        self._selector.close()


class Relay:
    """One address on loopback, and the server behind it.

    Attributes:
        url: What a program is given.
        heard: How many bytes programs have sent.
        cuts: True while a connection is closed when something comes along it, which the server does not get.
    """

    def __init__(self, loop: Loop, redis_url: str) -> None:
        """Listen.

        Raises:
            WrongInputError: *redis_url* is not ``redis://HOST:PORT/DB``.
        """
        parts = urlsplit(redis_url)
        if parts.scheme != "redis" or not parts.hostname:
            raise WrongInputError("the program's Redis must be given as redis://HOST:PORT/DB")
        self._server = (parts.hostname, parts.port or _PORT)
        self._loop = loop
        self._peer: dict[socket.socket, socket.socket] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        loop.watch(self._listener, self._accept)
        user, at, _ = parts.netloc.rpartition("@")
        self.url = parts._replace(netloc=f"{user}{at}127.0.0.1:{self._listener.getsockname()[1]}").geturl()
        self.heard = 0
        self.cuts = False

    def close(self) -> None:
        """Close the address and every connection."""
        self._loop.forget(self._listener)
        self._listener.close()
        for end in list(self._peer):
            self._close(end)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(self._server, _TIMEOUT_S)
        except OSError as error:
            client.close()
            raise CouldNotRunError(f"cannot connect to the Redis server at {self._server}: {error}") from error
        self._peer[client], self._peer[server] = server, client
        self._loop.watch(client, lambda: self._pass_on(client, is_request=True))
        self._loop.watch(server, lambda: self._pass_on(server, is_request=False))

    def _pass_on(self, end: socket.socket, *, is_request: bool) -> None:
        peer = self._peer.get(end)
        if peer is None:
            # Closed by what happened just before, in the same turn of the loop.
            return
        try:
            data = end.recv(_CHUNK)
            if is_request:
                self.heard += len(data)
            if data and not (is_request and self.cuts):
                peer.sendall(data)
                return
        except OSError:
            # The other side is gone: so is this one.
            pass
        self._close(end)

    def _close(self, end: socket.socket) -> None:
        peer = self._peer.pop(end, None)
        if peer is None:
            return
        del self._peer[peer]
        for one in (end, peer):
            self._loop.forget(one)
            one.close()
