"""Loopback ports for servers that cannot be asked to listen on port 0, kept for as long as a server may come back."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LOWEST, _HIGHEST = 10_000, 65_535
_TO_BUS = 10_000
_GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it, less their whole part, lie far from each other."""

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_count = itertools.count()


def has_bus(config: Mapping[str, str]) -> bool:
    """Return whether a server with this configuration is a node of a cluster, which listens on a second port too."""
    return config.get("cluster-enabled") == "yes"


class ReservedPort:
    """A loopback TCP port that nobody else picks until :meth:`close`, whether or not a server listens on it.

    A socket is bound to it that never listens. Linux lets a server that sets SO_REUSEADDR, as Redis does, listen
    beside such a socket; whoever looks for a free port binds without that option, and is refused.

    Attributes:
        number: The port.
    """

    def __init__(self, number: int, sockets: Sequence[socket.socket]) -> None:
        """Keep *number* by *sockets*, which are bound already."""
        self.number = number
        self._sockets = sockets
        for held in sockets:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    def close(self) -> None:
        """Leave the port to others. May be called twice."""
        for held in self._sockets:
            held.close()


def free_port() -> int:
    """Return a loopback TCP port as :func:`reserve_port` does, but reserve nothing: the caller retries."""
    reserved = reserve_port()
    reserved.close()
    return reserved.number


def reserve_port(*, with_bus: bool = False) -> ReservedPort:
    """Return a loopback TCP port that nobody listens on right now and that nobody else has reserved.

    Ports from which the kernel serves outgoing connections are avoided: a client that keeps dialling the port of a
    killed server could otherwise be given that very port, connect to itself, and block the server's return.
    Each process begins elsewhere, far from those with near ids, so that parallel workers seldom try the same one.

    Args:
        with_bus: Whether the port of a cluster's bus, higher by 10,000, must be free too, and be reserved.

    Raises:
        OSError: All candidates are taken.
    """
    low, high = (int(part) for part in _EPHEMERAL.read_text("ascii").split())
    highest = _HIGHEST - _TO_BUS if with_bus else _HIGHEST
    avoided = [(low - _TO_BUS, high - _TO_BUS)] if with_bus else []
    avoided.append((low, high))
    free = [*_around(range(_LOWEST, highest), avoided)] or [range(_LOWEST, highest)]
    count = sum(map(len, free))
    start = int(os.getpid() * _GOLDEN % 1 * count)
    for _ in range(count):
        port = _nth(free, (start + next(_count)) % count)
        if sockets := _bound([port, port + _TO_BUS] if with_bus else [port]):
            return ReservedPort(port, sockets)
    raise OSError(f"no free loopback port among {count} candidates")


def _around(ports: range, avoided: list[tuple[int, int]]) -> Iterator[range]:
    """Yield what of *ports* lies in none of the *avoided* stretches, whose both ends belong to them, in order."""
    first = ports.start
    for low, high in [*sorted(avoided), (ports.stop, ports.stop)]:
        if first < (end := min(low, ports.stop)):
            yield range(first, end)
        first = max(first, high + 1)


def _nth(stretches: list[range], place: int) -> int:
    """Return the port at *place*, counted through all *stretches*; 0 is the first."""
    for stretch in stretches:
        if place < len(stretch):
            return stretch[place]
        place -= len(stretch)
    raise IndexError(place)


def _bound(ports: list[int]) -> list[socket.socket]:
    """Return a socket bound to each of *ports*, none where one is taken."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) for _ in ports]
        try:
            for held, port in zip(sockets, ports, strict=True):
                held.bind(("127.0.0.1", port))
        except OSError:
            return []
        stack.pop_all()
        return sockets
