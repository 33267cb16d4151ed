"""Stores a replayable schedule for every finding of a part, those that people look at as small as they can be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.explorer.replay import Replayer
from harness.explorer.schedule import Schedule, parse_line
from harness.explorer.shrink import Shrinker
from harness.recorder import write_schedule
from harness.subjects.search_path import own_places
from reports.judged_run import group_findings
from reports.stored_history import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from harness.explorer.plan import Plan
    from harness.explorer.target import Target
    from stormproof.live import Live

_SAID = ("checker", "verdict", "phase", "sentence", "promised", "outside")
"""What a stored schedule says of its finding."""


def store_schedules(
    folder: Path,
    verdict: Mapping[str, Any],
    plan: Plan,
    target: Target,
    live: Live,
    *,
    expected: str | None = None,
    shrinks: bool = True,
) -> None:
    """Write the schedule of every finding where its replay line says; an interruption leaves none out.

    Shrunk are those of what decides, and the first of each checker beside the promise. A finding that was seen with
    fewer of its faults shrinks to what that one shrinks to.

    Args:
        folder: The part's folder.
        verdict: What was decided about it.
        plan: What was explored.
        target: Where.
        live: Where progress is shown.
        expected: Of a check of the instrument, the checker that had to fire, empty where none may. Only its first
            schedule is shrunk, where it has not fired what decides, and nothing else is run. None of a subject.
        shrinks: Whether there is time to shrink any; else each stays as it was explored.
    """
    findings = {mark_of(finding): finding for finding in verdict["findings"]}
    schedules = {mark: _explored(finding, plan, target) for mark, finding in findings.items()}
    for mark, schedule in schedules.items():
        write_schedule(folder, mark, schedule)
    wanted = _worth_shrinking(verdict["findings"]) if expected is None else _telling(findings, expected)
    if not wanted or not shrinks:
        return
    shrunk: dict[str, Schedule] = {}
    with Shrinker(Replayer(target, plan.subject, plan.hosting), plan.subject) as shrinker:
        for number, mark in enumerate(wanted, start=1):
            live.say(f"{plan.name}: shrinking the schedule of finding {number} of {len(wanted)}")
            shrunk[mark] = shrinker.shrink(schedules[mark])
            write_schedule(folder, mark, shrunk[mark])
        for mark in schedules.keys() - shrunk.keys() if expected is None else ():
            simpler = _simpler(findings[mark], (findings[other] for other in wanted))
            found = _as_found_for(schedules[mark], shrunk[simpler]) if simpler else shrinker.see(schedules[mark])
            write_schedule(folder, mark, found)


def _explored(finding: Mapping[str, Any], plan: Plan, target: Target) -> Schedule:
    workload, decisions = parse_line(str(finding["schedule"]))
    return Schedule(
        subject=plan.subject.name,
        promise=str(plan.subject.promise),
        hosting=plan.hosting.to_object(),
        workload=workload,
        workers=plan.workers,
        kinds=tuple(kind.name for kind in plan.kinds),
        redis=target.identity.choice,
        seed=plan.seed,
        decisions=decisions,
        explored=decisions,
        finding={name: finding[name] for name in _SAID},
        imports_from=own_places(),
    )


def _telling(findings: Mapping[str, Mapping[str, Any]], expected: str) -> list[str]:
    deciding = {mark: finding for mark, finding in findings.items() if _decides(finding) and finding["needs_faults"]}
    first = [mark for mark, finding in deciding.items() if finding["checker"] == expected][:1]
    return first or list(deciding)


def _worth_shrinking(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    beside = {mark_of(group.smallest) for group in group_findings(findings) if not group.decides}
    return [
        mark_of(finding)
        for finding in findings
        if (_decides(finding) and finding["needs_faults"]) or mark_of(finding) in beside
    ]


def _decides(finding: Mapping[str, Any]) -> bool:
    return finding["promised"] and not finding["outside"]


def _simpler(finding: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> str:
    """Return the mark of the same finding with fewer of its faults, inside the promise or outside like it."""
    same = ("checker", "verdict", "phase")
    for other in others:
        if (
            all(other[name] == finding[name] for name in same)
            and bool(other["outside"]) == bool(finding["outside"])
            and not Counter(other["faults"]) - Counter(finding["faults"])
        ):
            return mark_of(other)
    return ""


def _as_found_for(schedule: Schedule, shrunk: Schedule) -> Schedule:
    """Return *shrunk* as the schedule of the finding for which *schedule* was explored."""
    finding = {**schedule.finding, "sentence": shrunk.finding["sentence"]}
    return replace(shrunk, explored=schedule.decisions, finding=finding)
