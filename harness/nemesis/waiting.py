"""Waits until something is so, asked again and again, never for a fixed time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from harness import clock
from harness.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Callable


def until(is_so: Callable[[], bool], wanted: str, *, deadline_s: float = 30.0) -> None:
    """Return when *is_so* holds; a server that does not answer means not yet.

    Raises:
        CouldNotRunError: It does not hold within *deadline_s* seconds.
    """
    until_ns = clock.elapsed_ns() + int(deadline_s * 1e9)
    while not _holds(is_so):
        if clock.elapsed_ns() > until_ns:
            raise CouldNotRunError(f"Waited {deadline_s:g} s for {wanted}. Look at the server's log.")
        clock.pause_s(0.002)


def _holds(is_so: Callable[[], bool]) -> bool:
    try:
        return is_so()
    except redis.RedisError:
        return False
