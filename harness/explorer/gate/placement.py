"""Puts an exploration and its server on one processor core, and says which are left for the programs of others.

A command's round trip is a matter of scheduling, not of Redis: measured at 17 us when client and server share a core
and at 66 to 75 us when the kernel spreads them over two. While a schedule runs, only one of the two ever has work.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def on_one_core(server_pid: int | None, place: int | None = None) -> Iterator[frozenset[int]]:
    """Keep this process and the server *server_pid* on one core for the length of the block.

    Yields the cores that nobody of the exploration uses; none where it has several processes.

    Several explorations at once take different cores, as far as there are any. Where the system does not offer it,
    or the server is not ours, nothing happens.

    Args:
        server_pid: The server's process id; None: not ours.
        place: Which of several processes this is, counted from 0; None: the only one of its exploration.
    """
    if server_pid is None or not hasattr(os, "sched_setaffinity"):
        yield frozenset()
        return
    ours = os.sched_getaffinity(0)
    core = {sorted(ours)[(os.getpid() if place is None else place) % len(ours)]}
    theirs = os.sched_getaffinity(server_pid)
    os.sched_setaffinity(server_pid, core)
    os.sched_setaffinity(0, core)
    try:
        yield frozenset(ours - core if place is None else ())
    finally:
        os.sched_setaffinity(0, ours)
        # The server may have been ended within the block.
        with suppress(ProcessLookupError):
            os.sched_setaffinity(server_pid, theirs)
