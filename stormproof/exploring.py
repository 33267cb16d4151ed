"""Explores one subject into a part of a run folder, with live progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.explorer.exploration import Exploration
from harness.explorer.store import HistoryStore
from harness.recorder import write_record

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.jobs import Jobs
    from harness.explorer.outcome import Outcome
    from harness.explorer.plan import Plan
    from harness.explorer.target import Target
    from stormproof.live import Live
    from verify.history.record import ExplorationRecord


@dataclass(slots=True)
class Explored:
    """One exploration that came to its end, or to the user's."""

    record: ExplorationRecord
    elapsed_s: float

    @property
    def rate(self) -> dict[str, float]:
        """Schedules per second and seconds, for ``--json``; never part of the verdict."""
        per_s = self.record.schedules / self.elapsed_s if self.elapsed_s > 0 else 0.0
        return {"schedules_per_s": round(per_s, 1), "elapsed_s": round(self.elapsed_s, 3)}


def explore_into(
    folder: Path,
    plan: Plan,
    target: Target,
    live: Live,
    *,
    jobs: Jobs | None = None,
    until: str = "",
    resumes: bool = False,
) -> Explored:
    """Explore *plan* on *target* and leave histories and record in *folder*.

    Args:
        folder: The part's folder.
        plan: What to explore.
        target: Where.
        live: Where progress is shown.
        jobs: The processes that run the schedules; None: this one does.
        until: Stop at the first promised finding of this checker; empty explores on.
        resumes: Go on with what an interrupted exploration left in the folder.
    """
    findings: set[tuple[str, tuple[str, ...]]] = set()

    def look(outcome: Outcome) -> str:
        violations = outcome.history.violations if outcome.history is not None else ()
        findings.update((checker, outcome.faults) for checker in violations)
        return f"{until} fired, which is what was looked for" if until in violations else ""

    with HistoryStore(folder, resumes=resumes) as store:
        exploration = Exploration(
            plan,
            target,
            store,
            jobs=jobs,
            on_history=look,
            on_progress=lambda progress: live.exploring(progress, len(findings)),
        )
        record = exploration.run()
    write_record(folder, record)
    return Explored(record, exploration.elapsed_s)
