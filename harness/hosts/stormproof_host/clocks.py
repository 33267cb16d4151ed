"""Time as the exploration has it: sleeps are told to the harness, clocks and time limits move when it says so.

Wall clocks are moved from outside (libfaketime); monotonic clocks follow them here, because a sleep that the kernel
measures does not. Time limits of sockets and waits of threads end when the harness says so, and never by themselves:
a process may be held for as long as it takes.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from .offset import offset_ns
from .waits import Waits

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from .lines import Lines

TIME_MOVED = signal.SIGRTMIN + 5
LIMIT_REACHED = signal.SIGRTMIN + 6


class _OverError(Exception):
    """The harness says that the time of a wait for a descriptor is over."""


class _Poll:
    """A ``select.poll`` whose time is over when the harness says so."""

    def __init__(self, clocks: Clocks, ordinary: Any) -> None:
        self._clocks = clocks
        self._ordinary = ordinary
        self.register, self.modify, self.unregister = ordinary.register, ordinary.modify, ordinary.unregister

    def poll(self, timeout: float | None = None) -> Any:
        """Return what is ready; nothing when the time is over."""
        return self._clocks.wait_for_descriptor(self._ordinary.poll, timeout)


class Clocks:
    """The clocks of this process."""

    def __init__(self, lines: Lines) -> None:
        """Take them over; sleeps are told over *lines*.

        ``in_call`` is the number of what the subject was asked, None while it is not asked anything;
        ``on_time_moved`` is called after each jump; ``waits`` are those of threads.
        """
        self.in_call: int | None = None
        self.on_time_moved: Callable[[], None] = lambda: None
        self.waits = Waits((TIME_MOVED, LIMIT_REACHED))
        self._lines = lines
        self._monotonic_ns = time.monotonic_ns
        self._begun_ns = offset_ns()
        self._set_limit = socket.socket.settimeout
        self._limited: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._is_polling = False
        self._take_over()

    def moved_ns(self) -> int:
        """Return how far the wall clock was moved since this process began."""
        return offset_ns() - self._begun_ns

    def now_ns(self) -> int:
        """Return the monotonic clock, moved as far as the wall clock was."""
        return self._monotonic_ns() + self.moved_ns()

    def sleep(self, seconds: float) -> None:
        """Sleep as a step of the schedule; outside calls and in other threads, as a thread that waits."""
        if self.in_call is not None and threading.current_thread() is threading.main_thread():
            self._lines.say("sleep", id=self.in_call, seconds=seconds)
            self._lines.hear()
        else:
            threading.Event().wait(seconds)

    def wait_for_descriptor(self, wait: Callable[[float | None], Any], timeout: float | None) -> Any:
        """Wait until something is ready, or the harness says that *timeout* is over; really, in other threads."""
        is_main = threading.current_thread() is threading.main_thread()
        if self.in_call is None or not is_main or timeout is None or timeout <= 0:
            return wait(timeout)
        self._is_polling = True
        try:
            return wait(None)
        except _OverError:
            return []
        finally:
            self._is_polling = False

    # Within.

    def _take_over(self) -> None:
        clocks = self
        ordinary_poll = select.poll

        def settimeout(connection: socket.socket, seconds: float | None) -> None:
            if seconds:
                clocks._limited.add(connection)
            else:
                clocks._limited.discard(connection)
            clocks._set_limit(connection, None if seconds else seconds)

        select.poll = lambda: _Poll(clocks, ordinary_poll())  # type: ignore[assignment,misc,return-value]
        time.monotonic = lambda: clocks.now_ns() / 1e9
        time.monotonic_ns = self.now_ns
        time.sleep = self.sleep  # type: ignore[assignment]
        self.waits.take_over(time.monotonic)
        socket.socket.settimeout = settimeout  # type: ignore[method-assign,assignment]
        signal.signal(TIME_MOVED, self._time_moved)
        signal.signal(LIMIT_REACHED, self._limit_reached)

    def _time_moved(self, _number: int, _frame: FrameType | None) -> None:
        """Let one wait end whose time has come, and say how many there were."""
        due = self.waits.end_due()
        self.on_time_moved()
        self._lines.say("moved", due=due)

    def _limit_reached(self, _number: int, _frame: FrameType | None) -> None:
        """End the next wait of a thread; where there is but one thread, raise the limit of its read, or say no."""
        if self.waits.end_next() or threads() > 1:
            return
        limited = [each for each in list(self._limited) if each.fileno() >= 0]
        self._lines.say("limit", raised=bool(limited) or self._is_polling)
        if self._is_polling:
            raise _OverError
        if limited:
            raise TimeoutError("timed out")


def threads() -> int:
    """Return how many threads this process has."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - pathlib is slow to import
