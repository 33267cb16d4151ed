"""Timed waits of threads in the time of the exploration: none ends by itself, the harness ends one after the other.

In real time a thread that is due would race with whatever its process does then, and with the whole machine. Whoever
ends a wait does so while every thread of the process waits for something.
"""

from __future__ import annotations

import queue
import signal
import threading
from itertools import count
from typing import TYPE_CHECKING, Any

from .offset import offset_ns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


class _Wait:
    """One thread in a timed wait for a condition."""

    def __init__(self, condition: Any, due_ns: int, number: int) -> None:
        self.due_ns = due_ns
        self.number = number
        self.is_over = False
        self._waiters = condition._waiters  # noqa: SLF001 - threading offers no other way
        self._lock = threading.Lock()
        self._lock.acquire()
        self._waiters.append(self._lock)

    def until_over(self) -> None:
        """Wait for a notification, or for :meth:`end`."""
        try:
            self._lock.acquire()
        except BaseException:
            if self._lock in self._waiters:
                self._waiters.remove(self._lock)
            raise

    def end(self) -> None:
        """Let the thread go on, as one that nobody has notified."""
        if self._lock in self._waiters:
            self.is_over = True
            self._waiters.remove(self._lock)
            self._lock.release()


class Waits:
    """The timed waits of all threads of this process: for conditions and what is made of them, and for threads."""

    def __init__(self, signals: Collection[int]) -> None:
        """Know of none; nothing is taken over yet.

        Args:
            signals: By which the harness ends waits; the main thread takes them.
        """
        self._signals = signals
        self._waiting: list[_Wait] = []
        self._started = count(1)

    def take_over(self, monotonic_s: Callable[[], float]) -> None:
        """Let threads wait here from now on, and measure by *monotonic_s* how long they have."""
        ordinary_wait = threading.Condition.wait
        ordinary_join = threading.Thread.join
        ordinary_start = threading.Thread.start
        ordinary_life = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]  # noqa: SLF001 - as above

        def wait(condition: Any, timeout: float | None = None) -> bool:
            if timeout is None or timeout <= 0:
                return ordinary_wait(condition, timeout)
            return self._wait(condition, timeout)

        def start(thread: Any) -> None:
            thread.stormproof_number = next(self._started)
            thread.stormproof_ended = threading.Event()
            ordinary_start(thread)

        def live(thread: Any) -> None:
            # One that is taken by another thread does not wake the main one, which alone acts on it.
            signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)
            try:
                ordinary_life(thread)
            finally:
                thread.stormproof_ended.set()

        def join(thread: Any, timeout: float | None = None) -> None:
            ended = getattr(thread, "stormproof_ended", None)
            is_timed = timeout is not None and timeout > 0 and thread is not threading.current_thread()
            if ended is None or not is_timed or not thread.is_alive():
                ordinary_join(thread, timeout)
            elif ended.wait(timeout):
                ordinary_join(thread)

        threading.Condition.wait = wait  # type: ignore[method-assign,assignment]
        threading.Thread.start = start  # type: ignore[method-assign,assignment]
        threading.Thread.join = join  # type: ignore[method-assign,assignment]
        threading.Thread._bootstrap_inner = live  # type: ignore[attr-defined]  # noqa: SLF001 - as above
        # Both measure by the clock that they knew when they were imported.
        threading._time = monotonic_s  # type: ignore[attr-defined]  # noqa: SLF001 - as above
        queue.time = monotonic_s  # type: ignore[attr-defined]

    def end_next(self) -> bool:
        """End the wait that would end first; say whether there was one."""
        if not self._waiting:
            return False
        self._first().end()
        return True

    def end_due(self) -> int:
        """End the first of the waits whose time has come; return how many of them there were."""
        now_ns = offset_ns()
        due = sum(each.due_ns <= now_ns for each in self._waiting)
        if due:
            self._first().end()
        return due

    def next_s(self) -> float:
        """Return in how many seconds the first wait ends; infinity where nobody waits."""
        return (self._first().due_ns - offset_ns()) / 1e9 if self._waiting else float("inf")

    # Within.

    def _first(self) -> _Wait:
        return min(self._waiting, key=lambda each: (each.due_ns, each.number))

    def _wait(self, condition: Any, timeout: float) -> bool:
        if not condition._is_owned():  # noqa: SLF001 - as above
            raise RuntimeError("cannot wait on un-acquired lock")
        due_ns = offset_ns() + int(min(timeout, threading.TIMEOUT_MAX) * 1e9)
        wait = _Wait(condition, due_ns, getattr(threading.current_thread(), "stormproof_number", 0))
        self._waiting.append(wait)
        held = condition._release_save()  # noqa: SLF001 - as above
        try:
            wait.until_over()
        finally:
            self._waiting.remove(wait)
            condition._acquire_restore(held)  # noqa: SLF001 - as above
        return not wait.is_over
