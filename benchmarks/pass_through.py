"""A proxy that knows nothing of Redis: it hands bytes on, as the proxy gate's doorway does with commands.

Like the doorway it is a listener on loopback that one thread serves with a poll. To each client belongs one
connection to the server. What a client sends goes there in one piece; what comes back is waited for and handed over.
"""

from __future__ import annotations

import select
import socket
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from harness.redis_server.server import RedisServer

_RECEIVED = 65_536
_TICK_MS = 50


class PassThrough:
    """Serves clients of one server; as a context manager it does so in a thread of its own.

    Attributes:
        sent: What clients have sent, in order; kept only where *records* was asked for.
        port: Where it listens.
    """

    def __init__(self, server_path: str, *, records: bool = False) -> None:
        self._server_path = server_path
        self._records = records
        self.sent = bytearray()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._poller = select.poll()
        self._poller.register(self._listener, select.POLLIN)
        self._pairs: dict[int, tuple[socket.socket, socket.socket]] = {}
        self._is_over = False

    @classmethod
    def to(cls, server: RedisServer, *, records: bool = False) -> Self:
        """Return the proxy of *server*."""
        return cls(str(server.unix_path), records=records)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._thread.join()
        self.close()

    def serve(self) -> None:
        """Serve until the block is over; outside a block, for ever."""
        while not self._is_over:
            for descriptor, _ in self._poller.poll(_TICK_MS):
                self._serve(descriptor)

    def close(self) -> None:
        """Close everything."""
        for pair in self._pairs.values():
            for end in pair:
                end.close()
        self._listener.close()

    def _serve(self, descriptor: int) -> None:
        if descriptor == self._listener.fileno():
            client, _ = self._listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server_path)
            self._pairs[client.fileno()] = client, server
            self._poller.register(client, select.POLLIN)
            return
        client, server = self._pairs[descriptor]
        data = client.recv(_RECEIVED)
        if not data:
            self._poller.unregister(client)
            del self._pairs[descriptor]
            client.close()
            server.close()
            return
        if self._records:
            self.sent += data
        server.sendall(data)
        client.sendall(server.recv(_RECEIVED))
