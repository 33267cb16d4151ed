"""Pick loopback ports for servers that cannot be asked to listen on port 0. Reserves nothing: the caller retries."""

from __future__ import annotations

import itertools
import os
import socket
from pathlib import Path

_LOWEST, _HIGHEST = 10_000, 65_535
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_count = itertools.count()


def free_port() -> int:
    """Return a loopback TCP port that nothing listens on right now.

    Ports from which the kernel serves outgoing connections are avoided: a client that keeps dialling the port of a
    killed server could otherwise be given that very port, connect to itself, and block the server's return.
    Start and stride depend on the process id, so that parallel workers seldom try the same one.

    Raises:
        OSError: All candidates are taken.
    """
    low, high = (int(part) for part in _EPHEMERAL.read_text("ascii").split())
    candidates = [port for port in range(_LOWEST, _HIGHEST) if not low <= port <= high]
    candidates = candidates or list(range(_LOWEST, _HIGHEST))
    start = os.getpid() * 131
    for _ in range(len(candidates)):
        port = candidates[(start + next(_count)) % len(candidates)]
        if _is_free(port):
            return port
    raise OSError(f"no free loopback port among {len(candidates)} candidates")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
