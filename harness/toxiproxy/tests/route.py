"""A proxy and the listener behind it, both ends in the test's hands: no threads, no waiting but for bytes."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.toxiproxy.client import ProxyHandle, ToxiproxyClient

LONGEST_S = 20.0
"""Longest wait for anything; only a hang takes that long."""


@dataclass
class Route:
    """A proxy to a listener.

    Attributes:
        proxy: The proxy.
        listener: What it leads to.
    """

    proxy: ProxyHandle
    listener: socket.socket
    _open: ExitStack = field(default_factory=ExitStack)

    def near(self) -> socket.socket:
        """Connect to the proxy."""
        return self._kept(socket.create_connection(("127.0.0.1", self.proxy.port), timeout=LONGEST_S))

    def open(self) -> tuple[socket.socket, socket.socket]:
        """Return both ends of a new connection: the client's and the server's."""
        near = self.near()
        far, _ = self.listener.accept()
        far.settimeout(LONGEST_S)
        return near, self._kept(far)

    def close(self) -> None:
        """Close every end."""
        self._open.close()

    def _kept(self, end: socket.socket) -> socket.socket:
        return self._open.enter_context(end)


@contextmanager
def routed(client: ToxiproxyClient, name: str = "route") -> Iterator[Route]:
    """Give a route for the length of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LONGEST_S)
        proxy = client.create(f"127.0.0.1:{listener.getsockname()[1]}", name)
        route = Route(proxy, listener)
        try:
            yield route
        finally:
            route.close()
            proxy.destroy()


def receive(end: socket.socket, size: int) -> bytes:
    """Return *size* bytes from *end*, fewer only where it ends."""
    data = b""
    while len(data) < size and (more := end.recv(size - len(data))):
        data += more
    return data


def exchange(near: socket.socket, far: socket.socket) -> None:
    """Send bytes both ways and see that they arrive."""
    near.sendall(b"there")
    assert receive(far, 5) == b"there"
    far.sendall(b"back")
    assert receive(near, 4) == b"back"


def seconds(act: Callable[[], object]) -> float:
    """Return how long *act* took."""
    began_ns = clock.elapsed_ns()
    act()
    return (clock.elapsed_ns() - began_ns) / 1e9


def stays_silent(end: socket.socket, for_s: float = 0.15) -> bool:
    """Return whether nothing, not even an end, comes from *end* for so many seconds."""
    end.settimeout(for_s)
    try:
        end.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        return True
    finally:
        end.settimeout(LONGEST_S)
    return False
