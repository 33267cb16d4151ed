"""Wait for a condition with a deadline. Never waits for a fixed time."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness import clock

if TYPE_CHECKING:
    from collections.abc import Callable


def wait_until(condition: Callable[[], bool], *, deadline_s: float = 10.0) -> bool:
    """Return whether *condition* became true within *deadline_s* seconds."""
    deadline_ns = clock.elapsed_ns() + int(deadline_s * 1e9)
    while not condition():
        if clock.elapsed_ns() > deadline_ns:
            return False
        clock.pause_s(0.002)
    return True


def is_gone(pid: int) -> bool:
    """Return whether no process *pid* runs; a zombie that nobody has reaped yet runs no more."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123 - procfs, and a race with its end
            return stat.read().rpartition(")")[2].split()[0] in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return not os.path.exists(f"/proc/{pid}")  # noqa: PTH110 - procfs
