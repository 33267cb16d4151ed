"""The only clock of the harness. Virtual time of an exploration never reaches it."""

from __future__ import annotations

import datetime as dt
import time

_perf_counter_ns = time.perf_counter_ns
_monotonic_ns = time.clock_gettime_ns
_sleep = time.sleep


def elapsed_ns() -> int:
    """Return nanoseconds of a counter that nothing moves; only differences mean something."""
    return _perf_counter_ns()


def processor_s() -> float:
    """Return seconds of processor time that this process has used, in all its threads."""
    return time.process_time()


def shared_ns() -> int:
    """Return CLOCK_MONOTONIC in nanoseconds: one clock for all processes of this machine."""
    return _monotonic_ns(time.CLOCK_MONOTONIC)


def pause_s(seconds: float) -> None:
    """Sleep between two polls of a condition that has a deadline; never a way to wait for an event."""
    _sleep(seconds)


def utc_now() -> str:
    """Return the wall clock as ISO 8601 in UTC, to the millisecond; for reports, never for order."""
    now = dt.datetime.now(dt.UTC)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wall_ms() -> int:
    """Return Unix time in milliseconds; inside an exploration it follows the virtual time of the server."""
    return time.time_ns() // 1_000_000
