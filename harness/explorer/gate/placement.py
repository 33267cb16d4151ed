"""Puts an exploration and its server on one processor core, and says which are left for the programs of others.

A command's round trip is a matter of scheduling, not of Redis: measured at 17 us when client and server share a core
and at 66 to 75 us when the kernel spreads them over two. While a schedule runs, only one of the two ever has work.
"""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def on_one_core(server_pid: int | None, *, alone: bool = True) -> Iterator[frozenset[int]]:
    """Keep this process and the server *server_pid* on one core for the length of the block.

    It is the core on which the fewest are kept so, of all that this machine explores at once. Where the system does
    not offer it, or the server is not ours, nothing happens.

    Yields the cores that nobody of the exploration uses; none where it has several processes.

    Args:
        server_pid: The server's process id; None: not ours.
        alone: Whether this is the only process of its exploration.
    """
    if server_pid is None or not hasattr(os, "sched_setaffinity"):
        yield frozenset()
        return
    ours = os.sched_getaffinity(0)
    theirs = os.sched_getaffinity(server_pid)
    with seat_of(sorted(ours)) as core:
        os.sched_setaffinity(server_pid, {core})
        os.sched_setaffinity(0, {core})
        try:
            yield frozenset(ours - {core} if alone else ())
        finally:
            os.sched_setaffinity(0, ours)
            # The server may have been ended within the block.
            with suppress(ProcessLookupError):
                os.sched_setaffinity(server_pid, theirs)


@contextmanager
def seat_of(cores: list[int]) -> Iterator[int]:
    """Yield the core of the first seat that is free; every core has a first seat, a second one, and so on.

    A seat is the name of a socket, which the system frees when its process ends, however it ends.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as held:
        for row in count():
            for core in cores:
                with suppress(OSError):
                    held.bind(f"\0stormproof core {core} seat {row}")
                    yield core
                    return
