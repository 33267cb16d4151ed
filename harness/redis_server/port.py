"""Pick loopback ports for servers that cannot be asked to listen on port 0. Reserves nothing: the caller retries."""

from __future__ import annotations

import itertools
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LOWEST, _HIGHEST = 10_000, 65_535
_TO_BUS = 10_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_count = itertools.count()


def has_bus(config: Mapping[str, str]) -> bool:
    """Return whether a server with this configuration is a node of a cluster, which listens on a second port too."""
    return config.get("cluster-enabled") == "yes"


def free_port(*, with_bus: bool = False) -> int:
    """Return a loopback TCP port that nothing listens on right now.

    Ports from which the kernel serves outgoing connections are avoided: a client that keeps dialling the port of a
    killed server could otherwise be given that very port, connect to itself, and block the server's return.
    Start and stride depend on the process id, so that parallel workers seldom try the same one.

    Args:
        with_bus: Whether the port of a cluster's bus, higher by 10,000, must be free too.

    Raises:
        OSError: All candidates are taken.
    """
    low, high = (int(part) for part in _EPHEMERAL.read_text("ascii").split())
    highest = _HIGHEST - _TO_BUS if with_bus else _HIGHEST
    avoided = [(low - _TO_BUS, high - _TO_BUS)] if with_bus else []
    avoided.append((low, high))
    free = [*_around(range(_LOWEST, highest), avoided)] or [range(_LOWEST, highest)]
    count = sum(map(len, free))
    start = os.getpid() * 131
    for _ in range(count):
        port = _nth(free, (start + next(_count)) % count)
        if _is_free(port) and not (with_bus and not _is_free(port + _TO_BUS)):
            return port
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


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
