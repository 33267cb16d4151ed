"""Which fault kinds each planted guard is explored with: its own, and one more in turn."""

from __future__ import annotations

from harness.faults.kind import Target
from harness.faults.registry import ALL
from harness.subjects.broken.registry import PLANTED

ROUND = [kind.name for kind in ALL.values() if kind.target is not Target.STORE and kind.name != "crash_before"]
"""The kinds that the planted guards take turns with. A crash before a command that follows another is the crash after
that one; that it is left out soundly is a test of its own."""


def kinds_for(name: str) -> list[str]:
    """Return the kinds of the planted guard's own smallest schedule, and one more in turn."""
    turn = (list(PLANTED).index(name) + 1) % len(ROUND)
    return sorted({*PLANTED[name].faults, ROUND[turn]} - {"crash_before"})
