"""A process of the operating system that runs a guard: what is done to it, and how it is."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from harness.processes.family import descendants
from harness.processes.sleeping import are_asleep

_NO_THREAD = 2
"""Names of a folder of threads before there is any in it."""


class Living:
    """A process that leads a group of its own.

    Attributes:
        pid: Its process id.
        is_ours: Whether our Python host runs in it, which understands signals and says when it is idle.
        is_alive: Whether nobody has killed it.
        is_stopped: Whether it was stopped and does not go on yet.
    """

    def __init__(self, pid: int, *, is_ours: bool) -> None:
        self.pid = pid
        self.is_ours = is_ours
        self.is_alive = True
        self.is_stopped = False

    def signal(self, number: int) -> None:
        """Send a signal that our host understands."""
        if self.is_alive and self.is_ours:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def stop(self) -> None:
        """Stop every thread of it, as a debugger or a full machine does."""
        self.is_stopped = True
        self._group(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on after :meth:`stop`."""
        self.is_stopped = False
        self._group(signal.SIGCONT)

    def kill(self) -> None:
        """Kill it and all that it has started, with SIGKILL."""
        self.is_alive = False
        family = descendants(self.pid)
        self._group(signal.SIGKILL)
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @property
    def threads(self) -> int:
        """How many threads it has; 0 where it is gone."""
        try:
            return os.stat(f"/proc/{self.pid}/task").st_nlink - _NO_THREAD  # noqa: PTH116 - at every step
        except OSError:
            return 0

    def is_asleep(self) -> bool:
        """Say whether none of its threads runs or could run, nor of what it has started."""
        family = () if self.is_ours else descendants(self.pid)
        return are_asleep((self.pid, *family))

    def _group(self, number: int) -> None:
        for send in (os.killpg, os.kill):
            with suppress(ProcessLookupError):
                send(self.pid, number)
