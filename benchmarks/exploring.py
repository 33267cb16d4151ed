"""A part of an exploration, measured; in a process of its own with ``python -m benchmarks.exploring``.

Explores until so many schedules have run, stores what it sees, judges it, and says how fast that was, how large the
process then is, and how much the guards did meanwhile. The workload is one, so that a long exploration holds the same
sort of schedules as a short one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any
from unittest import mock

from harness.explorer.exploration import Exploration
from harness.explorer.gate.wire import WirePool
from harness.explorer.hosting import GREENLETS, Hosting, find_subject
from harness.explorer.jobs import Jobs
from harness.explorer.plan import Plan
from harness.explorer.store import HistoryStore
from harness.explorer.target import open_target
from harness.faults.kind import Target
from harness.faults.registry import ALL
from harness.processes.folder import make_folder, remove_folder
from harness.recorder import RunFolder, write_record
from harness.redis_server.choice import parse_choice
from reports.stored_run import write_verdict
from verify.run_layout import EXPLORED, HISTORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.explorer.plan import Progress
    from harness.faults.kind import FaultKind

MOST = 10**9
"""More schedules than there are."""

KEEPING_THE_STORE = tuple(kind for kind in ALL.values() if kind.target is not Target.STORE)
"""The kinds that do not lose the store: a schedule with one of the others waits for a server of its own."""

_STATUS = Path("/proc/self/status")
_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """What one exploration came to.

    Attributes:
        schedules: How many ran.
        classes: Distinct histories among them.
        waiting: Prefixes that were still to be run.
        elapsed_s: Real seconds from the first schedule to the last.
        judged_s: Real seconds of the judgement behind them.
        resident_kb: Resident size at the end, in kB; 0 where the system does not tell.
        makes: Guards that processes asked for.
        commands: Commands that this process sent for them.
        findings: Checker, fault kinds and phase of each finding.
    """

    schedules: int
    classes: int
    waiting: int
    elapsed_s: float
    judged_s: float
    resident_kb: int
    makes: int
    commands: int
    findings: tuple[tuple[str, tuple[str, ...], str], ...]

    @property
    def per_s(self) -> float:
        """Schedules per second, the judgement included."""
        return self.schedules / (self.elapsed_s + self.judged_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What is explored, besides the subject.

    Attributes:
        workers: Processes of the first delivery.
        faults: Faults per schedule at most.
        kinds: Fault kinds.
        reduces: Whether one schedule of each class is run, about.
        hosting: How processes are made and held.
        reusable: Whether a guard may serve many schedules; None: as the subject says.
    """

    workers: int = 2
    faults: int = 1
    kinds: tuple[FaultKind, ...] = tuple(ALL.values())
    reduces: bool = True
    hosting: Hosting = GREENLETS
    reusable: bool | None = None


class EnoughError(Exception):
    """As many schedules as wanted have run."""


def explore(subject: str, schedules: int, bounds: Bounds, *, jobs: int = 1) -> Explored:
    """Explore *subject* until *schedules* have run, or there are no more."""
    loaded = find_subject(subject, bounds.hosting)
    if bounds.reusable is not None:
        loaded = replace(loaded, reusable=bounds.reusable)
    plan = Plan(
        name=subject,
        subject=loaded,
        workers=bounds.workers,
        faults=bounds.faults,
        kinds=bounds.kinds,
        workloads=("same",),
        seed=_SEED,
        reduces=bounds.reduces,
        hosting=bounds.hosting,
    )
    folder = make_folder()
    try:
        return _explored(plan, schedules, folder / "run", jobs)
    finally:
        remove_folder(folder)


def _explored(plan: Plan, schedules: int, folder: Path, jobs: int) -> Explored:
    choice = parse_choice("embedded")
    run = RunFolder.create("explore", plan.seed, str(folder))
    run.part(plan.name, alone=True)
    seen: list[tuple[int, float]] = []

    def progressed(progress: Progress) -> None:
        seen[1:] = [(progress.waiting, progress.elapsed_s)]
        if progress.schedules >= schedules:
            raise EnoughError

    several = Jobs(plan, choice, jobs) if jobs > 1 else None
    with open_target(choice) as target, HistoryStore(folder) as store, _commands_counted() as sent:
        exploration = Exploration(plan, target, store, jobs=several, on_progress=progressed)
        reason = "enough"
        with contextlib.suppress(EnoughError):
            reason = exploration.run().reason
        resident_kb = _resident_kb()
    record = exploration.record(reason)
    write_record(folder, record)
    began = perf_counter()
    verdict = write_verdict(folder)
    judged_s = perf_counter() - began
    return Explored(
        schedules=record.schedules,
        classes=record.classes,
        waiting=seen[-1][0],
        elapsed_s=seen[-1][1] - seen[0][1],
        judged_s=judged_s,
        resident_kb=resident_kb,
        makes=_makes(folder),
        commands=sent["commands"],
        findings=tuple(
            sorted((each["checker"], tuple(each["faults"]), each["phase"]) for each in verdict["findings"])
        ),
    )


@contextlib.contextmanager
def _commands_counted() -> Iterator[Counter[str]]:
    """Count the commands that guards bring to the server within the block."""
    sent: Counter[str] = Counter()
    ordinary = WirePool.play

    def play(self: WirePool, *step: Any) -> Any:
        sent["commands"] += 1
        return ordinary(self, *step)

    with mock.patch.object(WirePool, "play", play):
        yield sent


def _makes(folder: Path) -> int:
    """Return how many guards were asked for: one by each call, and one by each reconciliation."""
    of_history: Counter[int] = Counter()
    with (folder / HISTORY).open(encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            of_history[event["history"]] += event["event"] in {"invoke", "reconciled"}
    with (folder / EXPLORED).open(encoding="utf-8") as rows:
        return sum(of_history[int(row.partition("\t")[0])] for row in rows)


def _resident_kb() -> int:
    if not _STATUS.exists():
        return 0
    lines = _STATUS.read_text("ascii", "replace").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


def main() -> None:
    """Explore as the command line says and print what came of it as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exploring")
    parser.add_argument("subject")
    parser.add_argument("--schedules", type=int, default=MOST)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep-store", action="store_true", help="leave out the kinds that lose the store")
    parser.add_argument("--every", action="store_true", help="run every schedule, not one of each class")
    parser.add_argument("--core", type=int, default=None, help="run on this processor core")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    kinds = KEEPING_THE_STORE if options.keep_store else tuple(ALL.values())
    bounds = Bounds(workers=options.workers, kinds=kinds, reduces=not options.every)
    explored = explore(options.subject, options.schedules, bounds, jobs=options.jobs)
    sys.stdout.write(json.dumps(asdict(explored)) + "\n")


if __name__ == "__main__":
    main()
