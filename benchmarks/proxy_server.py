"""One proxy in a process of its own, ``python -m benchmarks.proxy_server KIND URL``; prints the port it listens on.

``bytes`` hands bytes on, with a poll; ``asyncio`` does so with an event loop. ``gate`` is the doorway of the proxy
gate, behind which nobody is held: each command is cut out of the bytes, looked up and carried to the server, as in an
exploration.
"""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

from benchmarks import async_pass_through
from benchmarks.pass_through import PassThrough
from harness.errors import CouldNotRunError
from harness.explorer.gate.commands import CommandTable
from harness.explorer.gate.wire import WirePool
from harness.explorer.proxy.doorway import Doorway
from harness.explorer.world.steps import Bytes, CommandStep
from harness.redis_server.external import ExternalRedis

GATE, BYTES, ASYNCIO = "gate", "bytes", "asyncio"


class Open:
    """Holds nobody.

    Attributes:
        passes_messages: Nobody subscribes.
    """

    passes_messages = False

    def pass_command(self, step: CommandStep, link: object) -> Bytes:
        """Let the command happen at once."""
        return Bytes(link.exchange(step)[0])  # type: ignore[attr-defined]  # a Link

    def rest(self) -> float:
        """Let nobody go on: there are no others."""
        return 0.0

    def refuse(self, reason: str) -> None:
        """Take nothing that the gate refuses.

        Raises:
            CouldNotRunError: Always.
        """
        raise CouldNotRunError(reason)


def serve_gate(url: str) -> None:
    """Let clients of the server at *url* through the doorway, for ever."""
    with ExternalRedis(url) as server, server.client() as client:
        table = CommandTable.ask(client)
    pools = (WirePool.to(url),)
    doorway = Doorway(table, Open())
    _tell(urlsplit(doorway.url(url)).port)
    while True:
        for descriptor, _ in doorway.poller.poll():
            doorway.serve(descriptor, pools)


def serve_bytes(url: str) -> None:
    """Hand the bytes of clients on to the server at *url*, for ever."""
    proxy = PassThrough(urlsplit(url).path)
    _tell(proxy.port)
    proxy.serve()


def serve_bytes_by_loop(url: str) -> None:
    """Do as :func:`serve_bytes` with an event loop."""
    async_pass_through.serve_for_ever(urlsplit(url).path, _tell)


def _tell(port: int | None) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    {GATE: serve_gate, BYTES: serve_bytes, ASYNCIO: serve_bytes_by_loop}[sys.argv[1]](sys.argv[2])
