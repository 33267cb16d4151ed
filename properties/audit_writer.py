"""A program that writes an audit and is killed on the way: one child for each line that it is given on stdin.

A line is a JSON object: the folder, the acts, and the step of the disk at which the child kills itself. When the
child is gone, the program says so in a line on stdout. It judges nothing.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet  # noqa: F401 - once for all children

from safety_core.job_safety.retry_audit import AuditAction, RetryAudit
from safety_core.job_safety.retry_audit.disk import Disk

if TYPE_CHECKING:
    from collections.abc import Callable

RECORD, FORCE, FLUSH, MIDNIGHT = "record", "force", "flush", "midnight"
ACTS = (RECORD, FORCE, FLUSH, MIDNIGHT)
AUDIT, TOLD, DONE = "audit", "acknowledged", "done-"

_EVENING = datetime(2026, 3, 1, 12, tzinfo=UTC)


class UnwaitedDisk(Disk):
    """A disk that is not waited for: a process that is killed takes nothing with it that the kernel was given."""

    def sync(self, descriptor: int) -> None:
        """Return at once."""

    def sync_folder(self, path: Path) -> None:
        """Return at once."""


class FatalDisk(UnwaitedDisk):
    """A disk that kills its writer at a chosen step; each of its methods is two, and a write is three."""

    def __init__(self, fatal: int) -> None:
        self._left = fatal

    def __getattribute__(self, name: str) -> Any:
        method = super().__getattribute__(name)
        if name not in {"create", "sync", "sync_folder", "replace", "remove"}:
            return method
        return self._between_steps(method)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write in two halves."""
        half = len(data) // 2
        for part in (data[:half], data[half:]):
            self._step()
            super().write(descriptor, part)
        self._step()

    def _between_steps(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def stepping(*args: Any) -> Any:
            self._step()
            result = method(*args)
            self._step()
            return result

        return stepping

    def _step(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _write(make: Callable[..., Any], folder: Path, acts: list[str], fatal: int) -> None:
    """Do the acts; what the audit has acknowledged, and what was done, is noted beside it."""
    now = [_EVENING]
    audit = make(folder / AUDIT, buffer_size=3, now=lambda: now[0], disk=FatalDisk(fatal))
    told = os.open(folder / TOLD, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number, act in enumerate(acts):
        now[0] += timedelta(seconds=2)
        columns = {"job_id": f"job-{number}", "user_or_system": "system", "retry_reason": "a claim"}
        if act == MIDNIGHT:
            now[0] += timedelta(days=1)
        elif act == FLUSH:
            audit.flush()
        elif act == FORCE:
            with audit.act(**columns, action=AuditAction.FORCE):
                (folder / f"{DONE}job-{number}").touch()
            os.write(told, f"job-{number}\n".encode())
        else:
            audit.record(**columns)
            os.write(told, f"job-{number}\n".encode())
    audit.flush()


def main(make: Callable[..., Any] = RetryAudit) -> None:
    """Answer line by line, until stdin ends; *make* makes the audits."""
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            _write(make, Path(asked["folder"]), asked["acts"], asked["fatal"])
            os._exit(0)
        os.waitpid(child, 0)
        sys.stdout.write("\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
