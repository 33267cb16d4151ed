"""Whether a thread waits with a time limit that the kernel measures, as the kernel tells.

Only what is known to be one counts: on a machine with other numbers for system calls, or where the kernel does not
tell, nothing is seen.
"""

from __future__ import annotations

import os
import platform
from types import MappingProxyType
from typing import NamedTuple


class _Wait(NamedTuple):
    """A system call that waits.

    Attributes:
        name: Its name.
        limit: Which of its arguments is the limit; negative where there always is one.
        without: What stands there where there is none.
    """

    name: str
    limit: int
    without: int = 0


_FOR_EVER_MS = 0xFFFFFFFF
_FUTEX, _SLEEP, _LONG_SLEEP = _Wait("futex", 3), _Wait("nanosleep", -1), _Wait("clock_nanosleep", -1)
_SELECT, _PSELECT = _Wait("select", 4), _Wait("pselect6", 4)
_POLL, _PPOLL = _Wait("poll", 2, _FOR_EVER_MS), _Wait("ppoll", 2)
_EPOLL, _EPOLL_PWAIT = _Wait("epoll_wait", 3, _FOR_EVER_MS), _Wait("epoll_pwait", 3, _FOR_EVER_MS)

_WAITS = MappingProxyType(
    {
        "x86_64": {
            7: _POLL,
            23: _SELECT,
            35: _SLEEP,
            202: _FUTEX,
            230: _LONG_SLEEP,
            232: _EPOLL,
            270: _PSELECT,
            271: _PPOLL,
            281: _EPOLL_PWAIT,
        },
        "aarch64": {
            22: _EPOLL_PWAIT,
            72: _PSELECT,
            73: _PPOLL,
            98: _FUTEX,
            101: _SLEEP,
            115: _LONG_SLEEP,
        },
    }
).get(platform.machine(), {})
"""By their numbers."""


def timed_wait_of(pid: int) -> str:
    """Return the system call in which a thread of a process waits with a time limit; empty where none does."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - at every step, and pathlib is slow
    except OSError:
        return ""
    return next(filter(None, (_timed_wait(f"/proc/{pid}/task/{task}/syscall") for task in tasks)), "")


def _timed_wait(path: str) -> str:
    try:
        with open(path, "rb") as told:  # noqa: PTH123 - as above
            number, *arguments = told.read().split()
    except (OSError, ValueError):
        # It has ended meanwhile, or nobody may look.
        return ""
    wait = _WAITS.get(int(number)) if number.isdigit() else None
    if wait is None or (wait.limit >= 0 and int(arguments[wait.limit], 16) == wait.without):
        return ""
    return wait.name
