"""``python -m benchmarks.verifying BUNDLE ROOM``: verify a bundle and print, as JSON, what that took."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from time import perf_counter

from reports.evidence.verifying import verify

_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def main(bundle: str, room: str) -> None:
    """Verify *bundle* in the empty folder *room*; print what that took of this process and those it waited for.

    That are the processor seconds of all of them, those on the wall, and the largest resident size of one, in KiB.
    """
    began, before_s = perf_counter(), spent_s()
    held = verify(Path(bundle), Path(room))
    took = {"seconds": spent_s() - before_s, "wall_s": perf_counter() - began, "peak_kb": peak_kb()}
    print(json.dumps({"verdict": held.verdict, **took}))


def spent_s() -> float:
    """Return the processor seconds of this process and those that it waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in _WHO)


def peak_kb() -> int:
    """Return the largest resident size that one of them had, in KiB."""
    # What getrusage says of this process counts whoever started it, too.
    own = next(
        line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith("VmHWM:")
    )
    return max(int(own.split()[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


if __name__ == "__main__":
    main(*sys.argv[1:])
