"""The harness's side of the nursery: asks it for workers, and holds each of them by a handle of the kernel's.

A worker is no child of the harness. It dies with the nursery, which dies with the harness.
"""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from harness.errors import CouldNotRunError
from harness.processes.child import spawn_module
from harness.processes.linked import meet
from harness.workers.messages import Lines, receive, send

if TYPE_CHECKING:
    import socket
    from pathlib import Path

_ANSWER_S = 30.0
_END_S = 10.0


class Forked:
    """A process that is no child of ours.

    Attributes:
        pid: Its number.
    """

    def __init__(self, pid: int) -> None:
        """Take hold of process *pid*, which may have ended already."""
        self.pid = pid
        self._handle = -1
        with suppress(ProcessLookupError):
            self._handle = os.pidfd_open(pid)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; one that is gone gets none."""
        if self._handle >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def end(self) -> None:
        """SIGKILL it, wait until it is gone, and let go of it. May be called twice."""
        self.signal(signal.SIGKILL)
        if self._handle >= 0:
            # A process that has ended makes its handle readable.
            select.select([self._handle], [], [], _END_S)
            os.close(self._handle)
            self._handle = -1


class Nursery:
    """The process that forks the workers of one crew."""

    def __init__(self, folder: Path, subject: str, door: socket.socket) -> None:
        """Start it; it connects to *door*, which listens at ``crew`` in *folder*, before anybody else does.

        Raises:
            CouldNotRunError: It does not come in time.
        """
        self._log = folder / "nursery.log"
        self._process = spawn_module("harness.workers", str(folder), subject, log=self._log)
        self._link = meet(door, self._process, what="the workers' nursery", log=self._log)
        self._link.settimeout(_ANSWER_S)
        self._told = receive(self._link, Lines())

    def fork(self, **told: Any) -> Forked:
        """Have a worker forked that is *told* its name, subject, addresses and times.

        Raises:
            CouldNotRunError: The nursery is gone.
        """
        try:
            send(self._link, told)
            return Forked(next(self._told)["pid"])
        except (OSError, StopIteration) as error:
            raise CouldNotRunError(f"no worker can be had from the nursery: {self._said()}") from error

    def close(self) -> None:
        """End it, and with it every worker that is still there."""
        self._process.kill()
        self._process.wait()
        self._link.close()

    def _said(self) -> str:
        return self._log.read_text("utf-8", "replace").strip().rpartition("\n")[2] or "it said nothing"
