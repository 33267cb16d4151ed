"""Explores one subject into a part of a run folder, with live progress, and stores the schedules of its findings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.explorer.exploration import Exploration
from harness.explorer.replay import Replayer
from harness.explorer.schedule import Schedule, parse_line
from harness.explorer.store import HistoryStore
from harness.recorder import write_record, write_schedule
from harness.subjects.search_path import own_places
from reports.stored_history import mark_of

if TYPE_CHECKING:
    from collections.abc import Mapping
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


def store_schedules(folder: Path, verdict: Mapping[str, Any], plan: Plan, target: Target) -> None:
    """Write the replayable schedule of every finding, with the steps that it showed when it ran once more."""
    schedules: dict[str, Schedule] = {}
    for finding in verdict["findings"]:
        line = str(finding["schedule"])
        workload, decisions = parse_line(line)
        said = {name: finding[name] for name in ("checker", "sentence", "promised", "outside")}
        schedules.setdefault(
            mark_of(line),
            Schedule(
                subject=plan.subject.name,
                promise=str(plan.subject.promise),
                hosting=plan.hosting.to_object(),
                workload=workload,
                workers=plan.workers,
                kinds=tuple(kind.name for kind in plan.kinds),
                redis=target.identity.choice,
                seed=plan.seed,
                decisions=decisions,
                finding=said,
                imports_from=own_places(),
            ),
        )
    worlds = Replayer(target, plan.subject, plan.hosting).run(list(schedules.values()))
    for (mark, schedule), world in zip(schedules.items(), worlds, strict=True):
        steps = tuple(step.to_object() for step in world.trace.steps)
        write_schedule(folder, mark, schedule.seen(steps))


def as_json(stored: Mapping[str, Any]) -> str:
    """Return one JSON object as text."""
    return json.dumps(stored, indent=2)
