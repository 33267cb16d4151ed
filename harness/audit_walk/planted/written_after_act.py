"""Planted: an act is written down when it is done, and who dies in between has done it without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.audit_walk.planted.footing import LineAudit, make_twin
from harness.subjects.broken.planted import Planted

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PLANTED", "make", "make_twin"]

PLANTED = Planted(
    bug="writes both records when the act is done: who dies in between leaves an act of which nobody knows",
    cure="writes the intent first, and does nothing before that",
    origin="logging as it is done everywhere: the line comes after the call",
    checker="audit_first",
    faults=("process_killed",),
)


class _Late(LineAudit):
    def act(self, key: str, do: Callable[[], None]) -> None:
        do()
        self.write(key, "intent")
        self.write(key, "outcome")


def make(folder: str) -> LineAudit:
    """Return the audit with the bug."""
    return _Late(folder)
