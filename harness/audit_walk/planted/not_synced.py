"""Planted: a record is acknowledged when the kernel has it, and a power cut takes it away."""

from __future__ import annotations

import os

from harness.audit_walk.planted.footing import LineAudit, make_twin
from harness.subjects.broken.planted import Planted

__all__ = ["PLANTED", "make", "make_twin"]

PLANTED = Planted(
    bug="does not sync what it writes: a power cut takes records of acts that were done",
    cure="syncs each record before anything is done or said about it",
    origin="the generic mutant: no fsync; loggers and buffered files flush to the kernel at most",
    checker="audit_first",
    faults=("power_cut",),
)


class _Unsynced(LineAudit):
    def append(self, line: bytes) -> None:
        os.write(self.descriptor, line)


def make(folder: str) -> LineAudit:
    """Return the audit with the bug."""
    return _Unsynced(folder)
