"""Venues as processes, forked by an interpreter that has loaded all they need: one for each process of ours.

A handle of the kernel stands for a venue, not its number: a number may be somebody else's by the time of the kill.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from harness.processes.child import spawn
from harness.venue.errors import VenueUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

_ANSWER_S = 15.0
_ROOT = Path(__file__).resolve().parents[2]


class ForkedVenue:
    """The process of one venue.

    Attributes:
        pid: Its process id.
    """

    def __init__(self, pid: int, handle: int) -> None:
        self.pid = pid
        self._handle = handle

    @property
    def is_gone(self) -> bool:
        """Whether it has ended."""
        return bool(select.select([self._handle], [], [], 0)[0])

    def kill(self) -> None:
        """SIGKILL it, and return when it is gone. To be called once."""
        if not self.is_gone:
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            select.select([self._handle], [], [])
        os.close(self._handle)


class _Forker:
    """The interpreter that forks, as its owner sees it."""

    def __init__(self, log: Path) -> None:
        self.owner = os.getpid()
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._orders.settimeout(_ANSWER_S)
        # -P and our own root first: a package named `harness` in the user's folder must not answer in our place.
        search = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        with theirs:
            self._process = spawn(
                [sys.executable, "-P", "-m", "harness.venue", "--control", str(theirs.fileno())],
                log=log,
                env={**os.environ, "PYTHONPATH": search},
                pass_fds=[theirs.fileno()],
            )

    @property
    def is_ours(self) -> bool:
        """Whether this process started it; a forked copy of that process leaves it alone."""
        return self.owner == os.getpid()

    @property
    def is_usable(self) -> bool:
        """Whether it is ours, and runs."""
        return self.is_ours and self._process.poll() is None

    def fork(self, arguments: Sequence[str], log: Path) -> ForkedVenue:
        """Return a new venue.

        Raises:
            OSError: The interpreter is gone, or does not answer.
        """
        self._orders.sendall(json.dumps({"arguments": list(arguments), "log": str(log)}).encode("utf-8"))
        said, handles, _, _ = socket.recv_fds(self._orders, 64, 1)
        if not handles:
            raise ConnectionResetError("the interpreter that forks venues has ended")
        return ForkedVenue(int(said), handles[0])

    def close(self) -> None:
        """End it."""
        self._orders.close()
        self._process.kill()
        self._process.wait()


_current: list[_Forker] = []
_choosing = threading.Lock()


def fork_venue(arguments: Sequence[str], log: Path) -> ForkedVenue:
    """Start the process of a venue.

    Args:
        arguments: As ``harness.venue`` takes them; places are absolute.
        log: File to which it writes what goes wrong.

    Raises:
        VenueUnavailableError: It cannot be started.
    """
    with _choosing:
        if not _current or not _current[-1].is_usable:
            _current.append(_Forker(log))
        try:
            return _current[-1].fork(arguments, log)
        except OSError as error:
            _current[-1].close()
            said = log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""
            raise VenueUnavailableError(
                f"Tried to fork the process of a venue: {error}. Its log ends:\n{said}"
            ) from None


@atexit.register
def _end_all() -> None:
    for forker in _current:
        if forker.is_ours:
            forker.close()
