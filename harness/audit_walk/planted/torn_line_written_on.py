"""Planted: a writer goes on in the file of one that died, behind a line that was never finished."""

from __future__ import annotations

from harness.audit_walk.planted.footing import LineAudit, make_twin
from harness.subjects.broken.planted import Planted

__all__ = ["PLANTED", "make", "make_twin"]

PLANTED = Planted(
    bug="goes on behind the half line of a writer that died: both lines are lost, and the chain ends there",
    cure="gives each writer a file of its own, so that a half line is the last one",
    origin="every log that is opened for appending",
    checker="audit_complete",
    faults=("process_killed",),
)


class _OneFile(LineAudit):
    def open(self) -> None:
        self.path = self.folder / "all.jsonl"
        super().open()
        for line in self.path.read_bytes().split(b"\n")[:-1]:
            self.follow(line)


def make(folder: str) -> LineAudit:
    """Return the audit with the bug."""
    return _OneFile(folder)
