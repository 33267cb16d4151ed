"""A part of an exploration in a process of its own: ``python -m benchmarks.exploring SUBJECT SCHEDULES``.

Explores two workers with at most one fault of every kind until so many schedules have run, and prints how large the
process then is and how fast it went as one JSON object. The workload is one, so that a long exploration holds the
same sort of schedules as a short one.
"""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.explorer.exploration import Exploration
from harness.explorer.plan import Plan
from harness.explorer.store import HistoryStore
from harness.explorer.target import open_target
from harness.faults.registry import ALL
from harness.processes.folder import make_folder, remove_folder
from harness.redis_server.choice import parse_choice
from harness.subjects.loading import load_subject

if TYPE_CHECKING:
    from harness.explorer.plan import Progress
    from harness.faults.kind import FaultKind

_STATUS = Path("/proc/self/status")
_SEED = 1


@dataclass(frozen=True, slots=True)
class Explored:
    """What one exploration came to.

    Attributes:
        schedules: How many ran.
        classes: Distinct histories among them.
        waiting: Prefixes that were still to be run.
        elapsed_s: Real seconds from the first schedule to the last.
        resident_kb: Resident size at the end, in kB; 0 where the system does not tell.
    """

    schedules: int
    classes: int
    waiting: int
    elapsed_s: float
    resident_kb: int


class EnoughError(Exception):
    """As many schedules as wanted have run."""


def explore(subject: str, schedules: int, *, faults: int = 1, kinds: tuple[FaultKind, ...] | None = None) -> Explored:
    """Explore *subject* until *schedules* have run, or there are no more."""
    loaded = load_subject(subject)
    plan = Plan(
        name=subject,
        subject=loaded,
        workers=2,
        faults=faults,
        kinds=tuple(ALL.values()) if kinds is None else kinds,
        workloads=("same",),
        seed=_SEED,
    )
    seen: list[tuple[int, int, int, float]] = []
    folder = make_folder()

    def progressed(progress: Progress) -> None:
        now = (progress.schedules, progress.classes, progress.waiting, progress.elapsed_s)
        seen[1:] = [now]
        if progress.schedules >= schedules:
            raise EnoughError

    try:
        with open_target(parse_choice("embedded")) as target, HistoryStore(folder) as store:
            with contextlib.suppress(EnoughError):
                Exploration(plan, target, store, on_progress=progressed).run()
            resident_kb = _resident_kb()
    finally:
        remove_folder(folder)
    first, last = seen[0], seen[-1]
    return Explored(last[0], last[1], last[2], last[3] - first[3], resident_kb)


def _resident_kb() -> int:
    if not _STATUS.exists():
        return 0
    lines = _STATUS.read_text("ascii", "replace").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(explore(sys.argv[1], int(sys.argv[2])))) + "\n")
