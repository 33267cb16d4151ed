"""What schedules leave behind is collected while they run, so that memory stays flat.

A world, its processes and their links know one another, so that only Python's collector frees them. Left to itself
it looks through everything that is alive, which is mostly modules, and so it looks seldom.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY = 64
"""Schedules between two collections: they leave a megabyte behind, looked through in milliseconds."""


@contextmanager
def sparing_what_stands() -> Iterator[None]:
    """Let collections within the block pass over what was alive before it."""
    if gc.get_freeze_count():
        # Somebody else spares what stood before them, and it must stay so behind the block.
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def collect_after(schedules: int) -> None:
    """Collect what schedules left behind, if it is time.

    Args:
        schedules: How many ran.
    """
    if schedules % EVERY == 0:
        gc.collect()
