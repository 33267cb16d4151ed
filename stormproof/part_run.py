"""One exploration of a campaign from its first schedule to its stored findings, told in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from harness.explorer.exploration import INTERRUPTED
from harness.explorer.target import open_target
from reports.stored_run import judge_part
from stormproof.exploring import explore_into
from stormproof.finding_schedules import store_schedules
from stormproof.saying import count

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.jobs import Jobs
    from harness.explorer.plan import Plan
    from harness.redis_server.choice import RedisChoice
    from stormproof.live import Live


class Told(NamedTuple):
    """How a part ended.

    Attributes:
        line: What is said of it.
        interrupted: Whether the user ended it.
        schedules: How many schedules it ran.
    """

    line: str
    interrupted: bool = False
    schedules: int = 0


def run_part(
    run: Path,
    folder: Path,
    plan: Plan,
    choice: RedisChoice,
    live: Live,
    *,
    jobs: Jobs | None = None,
    checker: str | None = None,
) -> Told:
    """Explore *plan* on a server of its own, judge it and store the schedules of its findings.

    Args:
        run: The run folder, whose ``run.json`` names the part.
        folder: The part's folder.
        plan: What to explore.
        choice: On which server.
        live: Where progress is shown.
        jobs: The processes that run the schedules; None: this one does.
        checker: Of a check of the instrument, what must fire, empty where nothing may; the part ends when it has, or
            when the bound is exhausted. None of a subject.
    """
    with open_target(choice) as target:
        explored = explore_into(folder, plan, target, live, jobs=jobs, until=checker or "")
        interrupted = explored.record.reason == INTERRUPTED
        verdict = judge_part(run, plan.name)
        store_schedules(folder, verdict, plan, target, live, expected=checker, shrinks=not interrupted)
    if interrupted:
        return Told(f"{plan.name}: interrupted", interrupted=True)
    return Told(
        f"{plan.name}: {verdict['verdict']}, {count(explored.record.schedules, 'schedule')}, "
        f"{count(explored.record.classes, 'distinct history', 'distinct histories')}, "
        f"{explored.rate['elapsed_s']:.1f} s",
        schedules=explored.record.schedules,
    )
