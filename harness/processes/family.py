"""What a process has started, and what that has started: nobody may outlive the run that it belongs to.

Must never be asked to end a process that no run has started.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from harness.processes.child import wait_until_gone

MARK = "STORMPROOF_RUN"
"""The environment variable by which a process that has left its family is known."""


def descendants(pid: int) -> set[int]:
    """Return the process ids of everything that descends from *pid*, and has not been left by its parent."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        tasks = f"/proc/{waiting.pop()}/task"
        with suppress(OSError):
            for task in os.listdir(tasks):  # noqa: PTH208 - several times a schedule, and pathlib is slow
                with open(f"{tasks}/{task}/children", encoding="ascii") as children:  # noqa: PTH123 - as above
                    fresh = {int(child) for child in children.read().split()} - found
                found |= fresh
                waiting += fresh
    return found


def end_marked(value: str) -> None:
    """Kill every process whose environment has the mark with this value, and see it go."""
    marked = f"{MARK}={value}".encode()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if marked in environ.read_bytes().split(b"\0"):
                end(int(environ.parent.name))


def end(pid: int) -> None:
    """Kill one process and see it go."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid)
