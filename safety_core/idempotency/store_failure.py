"""What a store's failure says about the command that met it: certainly not applied, or nobody knows.

A table as data. Must never call a command "not applied" because its reply is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from .outcomes import Outcome


@final
@dataclass(frozen=True, slots=True, eq=False)
class StoreFailure:
    """A command that got no usable answer.

    Attributes:
        applied_unknown: True when the command may have been applied, now or later. False: certainly not.
        code: First word of an error reply (`OOM`, `READONLY` ...), or CONNECT, TIMEOUT, LOST.
        error: The exception behind it.
    """

    applied_unknown: bool
    code: str
    error: Exception


UNAVAILABLE_CODES = frozenset({"CONNECT", "TIMEOUT", "LOST", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MAXCLIENTS"})
"""Answers that mean "not now": the store is away or busy. Every other error reply means that it must be mended."""


def refusal_of(failure: StoreFailure) -> Outcome:
    """Return the refusal that a certainly unapplied claim or start amounts to."""
    if failure.code in UNAVAILABLE_CODES:
        return Outcome.REFUSED_STORE_UNAVAILABLE
    return Outcome.REFUSED_STORE_UNSAFE
