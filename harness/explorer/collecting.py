"""What schedules leave behind is collected while they run, so that memory stays flat.

A world, its processes and their links know one another, so that only Python's collector frees them. Left to itself
it looks through everything that is alive, which is mostly modules, and so it looks seldom.
"""

from __future__ import annotations

import gc

FIRST = 256
"""Schedules before the first collection, which looks through all that is alive: a few are over before it pays."""
EVERY = 64
"""Schedules between later ones: they leave a megabyte behind, looked through in milliseconds."""


class Collecting:
    """Collects now and then, and passes over what was alive at the first time."""

    def __init__(self) -> None:
        self._ran = 0
        self._spares = False

    def ran(self) -> None:
        """Count a schedule, and collect what others left behind if it is time."""
        self._ran += 1
        if self._ran < FIRST or self._ran % EVERY:
            return
        gc.collect()
        # Somebody else may spare what stood before him, and it must stay so.
        if not gc.get_freeze_count():
            gc.freeze()
            self._spares = True

    def close(self) -> None:
        """Leave the collector as it was found."""
        if self._spares:
            gc.unfreeze()
            self._spares = False
