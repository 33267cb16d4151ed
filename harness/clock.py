"""The only clock of the harness. Virtual time of an exploration never reaches it."""

from __future__ import annotations

import time

_perf_counter_ns = time.perf_counter_ns
_monotonic_ns = time.clock_gettime_ns
_sleep = time.sleep


def elapsed_ns() -> int:
    """Return nanoseconds of a counter that nothing moves; only differences mean something."""
    return _perf_counter_ns()


def shared_ns() -> int:
    """Return CLOCK_MONOTONIC in nanoseconds: one clock for all processes of this machine."""
    return _monotonic_ns(time.CLOCK_MONOTONIC)


def pause_s(seconds: float) -> None:
    """Sleep between two polls of a condition that has a deadline; never a way to wait for an event."""
    _sleep(seconds)
