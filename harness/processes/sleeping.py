"""Whether processes sleep, as the kernel tells: none of their threads runs, and none could."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_ASLEEP = frozenset({b"S", b"T", b"t", b"Z", b"X"})


def are_asleep(pids: Sequence[int]) -> bool:
    """Say whether no thread of these processes runs or could run; one that is gone sleeps.

    Threads are looked at one after the other. One may wake another just before it is looked at itself, so that both
    seem to sleep. Where that happened, one of them has run between two looks.
    """
    seen = [_turns_of_sleepers(pid) for pid in pids]
    return None not in seen and seen == [_turns_of_sleepers(pid) for pid in pids]


def _turns_of_sleepers(pid: int) -> dict[str, bytes] | None:
    """Return how often each thread of a process has run; None if one runs or could run, nothing if it is gone."""
    turns = {}
    try:
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - ten times a schedule, and pathlib is slow
            with open(f"/proc/{pid}/task/{task}/status", "rb") as told:  # noqa: PTH123 - as above
                status = told.read()
            if status.partition(b"\nState:\t")[2][:1] not in _ASLEEP:
                return None
            turns[task] = status.partition(b"\nvoluntary_ctxt_switches:")[2]
    except OSError:
        return {}
    return turns
