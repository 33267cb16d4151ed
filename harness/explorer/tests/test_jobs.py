"""Several processes run one exploration as one does, whichever of them dies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.explorer.exploration import Exploration
from harness.explorer.jobs import Jobs
from harness.explorer.plan import Plan, Progress
from harness.explorer.store import HistoryStore
from harness.explorer.target import open_target
from harness.faults.registry import select
from harness.processes.child import is_running
from harness.redis_server.choice import parse_choice
from harness.subjects.loading import load_subject
from verify.run_layout import EXPLORED

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.target import Target

CHOICE = parse_choice("embedded", allow_target=[])
PLAN = Plan(
    name="jobs",
    subject=load_subject("twin.early_not_found_is_final"),
    workers=3,
    faults=1,
    kinds=select(["reply_lost", "effect_late"]),
    workloads=("same",),
    seed=7,
)
KILL_AT = 10
"""Schedules after which a process is killed; the exploration has several times as many."""


def explored(target: Target, folder: Path, jobs: Jobs | None, seen: set[int]) -> bytes:
    """Return the stored schedules of an exploration during which the first process of *jobs* is killed.

    The processes that there were are added to *seen*.
    """
    folder.mkdir()
    killed: list[int] = []

    def watch(progress: Progress) -> None:
        if jobs is None:
            return
        seen.update(hand.linked.process.pid for hand in jobs._hands)
        if progress.schedules == KILL_AT and not killed:
            # It is told of a second run of the same schedule too.
            killed.append(jobs._hands[0].linked.process.pid)
            jobs._hands[0].linked.process.kill()

    with HistoryStore(folder) as store:
        record = Exploration(PLAN, target, store, jobs=jobs, on_progress=watch).run()
    assert record.exhausted
    assert record.schedules > 2 * KILL_AT
    return (folder / EXPLORED).read_bytes()


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    """The same schedules in the same order as with one process, and nobody is left behind."""
    seen: set[int] = set()
    with open_target(CHOICE) as target:
        alone = explored(target, tmp_path / "alone", None, seen)
        together = explored(target, tmp_path / "together", Jobs(PLAN, CHOICE, 2), seen)
    assert together == alone
    assert len(seen) == 3
    assert not [pid for pid in seen if is_running(pid)]
