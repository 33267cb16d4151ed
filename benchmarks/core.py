"""One processor core for everything that is measured, and how busy others kept it meanwhile.

A round trip is a matter of scheduling: client and server on one core are the steady setting, two cores are not.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAMPLE_S = 0.3
_STAT = Path("/proc/stat")
_NOT_BUSY = (3, 4)
"""Columns of a core in /proc/stat that are no work: idle and iowait."""
_COLUMNS = 8
"""Columns that count; those of guests are part of others already."""


@dataclass(slots=True)
class Disturbance:
    """What others did on our core while a benchmark ran.

    Attributes:
        share: Part of the time, 0 to 1, in which the cores worked for others; None where not known.
    """

    share: float | None = None


def settle() -> int | None:
    """Move this process, and all it starts from now on, to the core that is least used; return its number.

    None where the system does not offer it. Must be called before the first child is started.
    """
    if not hasattr(os, "sched_setaffinity") or not _STAT.exists():
        return None
    cores = sorted(os.sched_getaffinity(0))
    before = [_busy_s(core) for core in cores]
    clock.pause_s(_SAMPLE_S)
    used = [_busy_s(core) - earlier for core, earlier in zip(cores, before, strict=True)]
    core = cores[used.index(min(used))]
    os.sched_setaffinity(0, {core})
    return core


@contextmanager
def all_cores() -> Iterator[list[int]]:
    """Give every core that this process had before it settled, for the length of the block."""
    if not hasattr(os, "sched_setaffinity"):
        yield [0]
        return
    settled = os.sched_getaffinity(0)
    cores = sorted(os.sched_getaffinity(os.getppid()) | settled)
    os.sched_setaffinity(0, cores)
    try:
        yield cores
    finally:
        os.sched_setaffinity(0, settled)


@contextmanager
def watched(*cores: int | None) -> Iterator[Disturbance]:
    """Fill in, at the end of the block, what others did on *cores* meanwhile; None fills in nothing.

    Servers that are started in the block must be ended in it: only then is their work known to be ours.
    """
    seen = Disturbance()
    known = [core for core in cores if core is not None]
    if not known:
        yield seen
        return
    started_ns, busy_s, ours_s = clock.elapsed_ns(), sum(map(_busy_s, known)), _ours_s()
    yield seen
    elapsed_s = (clock.elapsed_ns() - started_ns) / 1e9
    others_s = (sum(map(_busy_s, known)) - busy_s) - (_ours_s() - ours_s)
    seen.share = min(1.0, max(0.0, others_s / elapsed_s / len(known)))


def _busy_s(core: int) -> float:
    for line in _STAT.read_text("ascii").splitlines():
        name, *columns = line.split()
        if name == f"cpu{core}":
            ticks = sum(int(column) for at, column in enumerate(columns[:_COLUMNS]) if at not in _NOT_BUSY)
            return ticks / os.sysconf("SC_CLK_TCK")
    return 0.0


def _ours_s() -> float:
    return sum(os.times()[:4])
