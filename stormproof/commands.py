"""What each command does, in order: check the options, run, judge, report, exit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from harness.errors import WrongInputError
from harness.explorer.exploration import INTERRUPTED
from harness.explorer.hosting import Hosting, find_subject
from harness.explorer.jobs import Jobs
from harness.explorer.plan import Plan, workloads_for
from harness.explorer.replay import Replayer
from harness.explorer.schedule import load_schedule
from harness.explorer.target import open_target
from harness.recorder import RunFolder, read_plan, write_plan
from harness.subjects.search_path import own_places, search_also
from reports.stored_run import write_verdict
from stormproof.evidence import show, show_picture, write_reports
from stormproof.exploring import explore_into
from stormproof.finding_schedules import store_schedules
from stormproof.live import Live
from stormproof.options import (
    FAULTS_MAX,
    WORKERS_MAX,
    budget_of,
    hosting_of,
    jobs_of,
    kinds_of,
    redis_of,
    seed_of,
    whole,
)
from stormproof.saying import Exit, exit_of
from stormproof.saying import as_json as to_json
from verify.history.judge import judge_history

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.explorer.world.world import World
    from harness.redis_server.choice import RedisChoice
    from verify.history.promises import Promise


def explore(
    *,
    subject: str | None,
    promise: str | None,
    workers: int,
    faults: int,
    kinds: str | None,
    gate: str,
    python: str | None,
    command: str | None,
    jobs: int | None,
    redis: str,
    allow_target: list[str] | None,
    seed: int | None,
    budget_s: float | None,
    out: str | None,
    as_json: bool,
) -> None:
    """Explore one subject and report."""
    chosen = redis_of(redis, allow_target)
    name, hosting = hosting_of(gate, python, command, subject)
    loaded = find_subject(name, hosting, promise=promise)
    plan = Plan(
        name=name,
        subject=loaded,
        hosting=hosting,
        workers=whole("--workers", workers, 1, WORKERS_MAX),
        faults=whole("--faults", faults, 0, FAULTS_MAX),
        kinds=kinds_of(kinds),
        workloads=workloads_for(loaded.promise),
        seed=seed_of(seed),
        budget_s=budget_of(budget_s),
    )
    count = jobs_of(jobs, default=1)

    def begin() -> RunFolder:
        run = RunFolder.create("explore", plan.seed, out, subjects=[name])
        run.part(name, alone=True)
        asked = {"plan": plan.to_object(), "redis": chosen.text, "imports_from": own_places()}
        write_plan(run.path, asked)
        return run

    _explore(begin, plan, chosen, jobs=count, as_json=as_json)


def resume(
    run_dir: str,
    *,
    subject: str | None,
    redis: str,
    allow_target: list[str] | None,
    jobs: int | None,
    budget_s: float | None,
) -> None:
    """Go on with an interrupted exploration, and report."""
    if subject is not None:
        raise WrongInputError("--resume goes on with the subject of its run; leave out --subject")
    asked = read_plan(Path(run_dir))
    chosen = redis_of(asked["redis"] if redis == "embedded" else redis, allow_target)
    search_also(asked.get("imports_from", ()))
    plan = replace(Plan.from_object(asked["plan"]), budget_s=budget_of(budget_s))
    count = jobs_of(jobs, default=1)
    _explore(lambda: RunFolder.reopen(run_dir), plan, chosen, jobs=count, as_json=False, resumes=True)


def _explore(
    begin: Callable[[], RunFolder],
    plan: Plan,
    chosen: RedisChoice,
    *,
    jobs: int,
    as_json: bool,
    resumes: bool = False,
) -> None:
    """Explore into the folder that *begin* gives, once the server is there; judge, report, and end."""
    with open_target(chosen) as target, Live(silent=as_json) as live:
        run = begin()
        several = Jobs(plan, chosen, jobs) if jobs > 1 else None
        explored = explore_into(run.path, plan, target, live, jobs=several, resumes=resumes)
        run.interrupted = explored.record.reason == INTERRUPTED
        run.write()
        verdict = write_verdict(run.path)
        store_schedules(run.path, verdict, plan, target, live, shrinks=not run.interrupted)
        write_reports(run.path)
    if as_json:
        typer.echo(to_json({**verdict, "rate": explored.rate}))
    else:
        show(run.path)
    raise typer.Exit(exit_of(verdict["verdict"], interrupted=run.interrupted))


def replay(schedule_file: str, *, subject: str | None, redis: str | None, allow_target: list[str] | None) -> None:
    """Replay one schedule and say whether its finding is there again."""
    schedule = load_schedule(Path(schedule_file))
    chosen = redis_of(redis or schedule.redis, allow_target)
    search_also(schedule.imports_from)
    hosting = Hosting.from_object(schedule.hosting)
    loaded = find_subject(subject or schedule.subject, hosting, promise=schedule.promise if subject is None else None)
    with open_target(chosen) as target:
        (world,) = Replayer(target, loaded, hosting).run([schedule])
    found = _findings_of(world, loaded.promise)
    wanted = str(schedule.finding.get("checker", ""))
    again = [sentence for checker, sentence in found if checker == wanted] if wanted else [s for _, s in found]
    show_picture(schedule, world)
    if again:
        typer.echo(f"There again: {wanted or 'finding'}: {again[0]}")
        raise typer.Exit(Exit.VIOLATED)
    if world.departed:
        typer.echo(f"Not there: the schedule does not fit {loaded.name}: {world.problem}")
    else:
        others = "; ".join(f"{checker}: {sentence}" for checker, sentence in found) or "nothing was violated"
        typer.echo(f"Not there: {wanted or 'no finding'} did not fire ({others})")
    raise typer.Exit(Exit.NOT_SHOWN)


def _findings_of(world: World, promise: Promise) -> list[tuple[str, str]]:
    if world.departed or world.stalled:
        return []
    verdict = judge_history(world.trace.events, promise)
    return [(finding.checker, finding.sentence) for finding, _ in verdict.findings]


def judge(run_dir: str) -> None:
    """Judge a stored run again."""
    verdict = write_verdict(Path(run_dir))
    show(Path(run_dir))
    interrupted = bool(verdict.get("interrupted", False))
    raise typer.Exit(exit_of(verdict["verdict"], interrupted=interrupted))
