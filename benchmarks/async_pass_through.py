"""A pass-through of bytes as one would write it first: two protocols of asyncio for each client.

What a client sends goes to a connection of its own to the server, and what the server sends goes to the client, each
as it comes. The event loop is that of uvloop where it is installed. :mod:`benchmarks.pass_through` does the same with
less between the bytes.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_UVLOOP = "uvloop"


def loop_name() -> str:
    """Return the name of the event loop that serves."""
    return _UVLOOP if importlib.util.find_spec(_UVLOOP) is not None else "asyncio"


def serve_for_ever(server_path: str, tell: Callable[[int], None]) -> None:
    """Hand bytes on between clients and the server at *server_path*; *tell* is called with the port."""
    importlib.import_module(loop_name()).run(_serve(server_path, tell))


async def _serve(server_path: str, tell: Callable[[int], None]) -> None:
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: _Client(server_path), "127.0.0.1", 0)
    tell(listener.sockets[0].getsockname()[1])
    await listener.serve_forever()


class _End(asyncio.Protocol):
    """One end of a connection: hands what comes to the other one."""

    def __init__(self) -> None:
        self.other: asyncio.Transport | None = None

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        del error
        if self.other is not None:
            self.other.close()


class _Client(_End):
    """The client's end: connects to the server, and reads nothing until that is done."""

    def __init__(self, server_path: str) -> None:
        super().__init__()
        self._server_path = server_path

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        client = cast("asyncio.Transport", transport)
        client.pause_reading()
        self._connecting = asyncio.ensure_future(self._connect(client))

    async def _connect(self, client: asyncio.Transport) -> None:
        server = _End()
        server.other = client
        self.other, _ = await asyncio.get_running_loop().create_unix_connection(lambda: server, self._server_path)
        client.resume_reading()
