"""A program that lets a writer of the audit be killed at every step of its work, one child for each step.

Arguments: a folder. It gets a folder for each step, with the audit, what was acknowledged, and what was done.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet  # noqa: F401 - once for all children

from safety_core.job_safety.retry_audit import AuditAction, RetryAudit
from safety_core.job_safety.tests.shaky_disk import ShakyDisk

EVENING = datetime(2026, 3, 1, 23, 59, 50, tzinfo=UTC)


def work(folder: Path, fatal: int) -> int:
    """Write, act, compact and write on; return how many steps that took."""
    clock = {"now": EVENING}
    disk = ShakyDisk(folder / "notes", fatal)
    audit = RetryAudit(folder / "audit", buffer_size=3, now=lambda: clock["now"], disk=disk)
    told = os.open(folder / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in range(6):
        clock["now"] += timedelta(seconds=2)
        columns = {"job_id": f"job-{number}", "user_or_system": "system", "retry_reason": "a test"}
        if number in {1, 4}:
            with audit.act(**columns, action=AuditAction.FORCE):
                (folder / f"done-job-{number}").touch()
            os.write(told, f"force job-{number}\n".encode())
        else:
            audit.record(**columns)
            os.write(told, f"retry job-{number}\n".encode())
        if number == 3:
            audit.flush()
    audit.flush()
    return disk.steps


def main() -> None:
    """Run once unharmed to count the steps, then once for each step that kills."""
    root = Path(sys.argv[1])
    (root / "whole").mkdir()
    steps = work(root / "whole", 0)
    for fatal in range(1, steps + 1):
        folder = root / f"step-{fatal:04d}"
        folder.mkdir()
        child = os.fork()
        if not child:
            work(folder, fatal)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
