"""How good or bad a finding is. UNKNOWN is a level of its own, and never counts as OK."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Level(StrEnum):
    """Level of a finding, and of a whole report."""

    OK = "OK"
    """Nothing seen here endangers a promise."""
    WARNING = "WARNING"
    """The promise holds when the server's process crashes, and may break under something rarer, which is named."""
    CRITICAL = "CRITICAL"
    """Acknowledged records can be lost by ordinary work or by a crash of the process, claims are refused now, or
    nothing can be put on record."""
    UNKNOWN = "UNKNOWN"
    """The server did not let it be seen. It may be anything."""


_WORST_FIRST = (Level.CRITICAL, Level.UNKNOWN, Level.WARNING, Level.OK)


def worst(levels: Iterable[Level]) -> Level:
    """Return the level that speaks for all; OK for none. What is CRITICAL outranks what is not known."""
    seen = set(levels)
    return next((level for level in _WORST_FIRST if level in seen), Level.OK)
