"""What ``stormproof storm`` does, in order: check the options, let it rage, judge, report, exit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from harness.errors import WrongInputError
from harness.explorer.exploration import INTERRUPTED
from harness.recorder import RunFolder, write_record
from harness.redis_server.opening import check_provider
from harness.redis_server.port import free_port
from harness.storm.asked import Asked, check_others, check_subject
from harness.storm.gang import check_locust
from harness.storm.inject import parse_inject
from harness.storm.outpost import join as take_part
from harness.storm.storm import run_storm
from harness.subjects.loading import load_subject
from harness.toxiproxy.choice import parse_toxiproxy
from reports.stored_run import judge_part, write_verdict
from stormproof.demoting import Demoter, broken, kinds_of
from stormproof.evidence import show, write_reports
from stormproof.live import Live
from stormproof.options import redis_of, seed_of, whole
from stormproof.saying import Exit, exit_of
from verify.run_layout import STORM

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

USERS_MAX = 10_000
PROCESSES_MAX = 64
SECONDS_MAX = 86_400


def storm(
    *,
    subject: str,
    promise: str | None,
    users: int,
    seconds: int,
    inject: str,
    processes: int,
    web: bool,
    lead: tuple[str, int] | None,
    redis: str,
    allow_target: list[str] | None,
    toxiproxy: str,
    seed: int | None,
    out: str | None,
) -> None:
    """Run one storm and end with its exit code."""
    chosen = redis_of(redis, allow_target)
    parse_toxiproxy(toxiproxy)
    whole("--seconds", seconds, 1, SECONDS_MAX)
    asked = Asked(
        subject=load_subject(subject, promise=promise),
        choice=chosen,
        seed=seed_of(seed),
        users=whole("--users", users, 1, USERS_MAX),
        seconds=seconds,
        processes=whole("--processes", processes, 1, PROCESSES_MAX),
        faults=parse_inject(inject, seconds=seconds),
        toxiproxy=toxiproxy,
        web=("127.0.0.1", free_port()) if web else None,
        lead=lead,
    )
    check_subject(asked.subject)
    check_others(asked.faults, asked.processes)
    check_locust()
    check_provider(chosen)
    run = RunFolder.create(STORM, asked.seed, out)
    if asked.web is not None:
        typer.echo(f"Locust's page: http://{asked.web[0]}:{asked.web[1]}")
    judged: dict[str, dict[str, Any]] = {}
    with Live() as live:
        try:
            folder = _rage(asked, run, live)
            live.say("judging")
            if not run.interrupted:
                judged[STORM] = judge_part(run.path, STORM)
                if checkers := broken(judged[STORM]):
                    kinds = kinds_of(fault.meaning.kind for fault in asked.faults)
                    Demoter(run, live).demote(folder, dict.fromkeys(checkers, kinds), asked.subject)
        except KeyboardInterrupt:
            run.interrupted = True
        run.write()
        verdict = write_verdict(run.path, judged)
        write_reports(run.path)
    show(run.path)
    raise typer.Exit(exit_of(verdict["verdict"], interrupted=run.interrupted))


def join(master_host: str | None, *, port: int, processes: int, others: Sequence[str]) -> None:
    """Take part in a storm that another machine leads; the verdict is there.

    Args:
        master_host: Who leads.
        port: The first of its ports.
        processes: Worker processes to bring.
        others: Options that were given and that only who leads can take.
    """
    if others:
        raise WrongInputError(f"--worker takes its part from who leads; leave out {', '.join(others)}")
    if not master_host:
        raise WrongInputError("--worker needs --master-host HOST")
    count = whole("--processes", processes, 1, PROCESSES_MAX)
    with Live() as live:
        done = take_part(master_host, port, count, live.say)
    typer.echo(done)
    raise typer.Exit(Exit.HELD)


def _rage(asked: Asked, run: RunFolder, live: Live) -> Path:
    """Let the storm rage, keep its record and return its folder; one that was broken off is no part of the run."""
    folder = run.part(STORM)
    try:
        record = run_storm(asked, folder, live.say)
    except BaseException:
        run.drop(STORM)
        run.write()
        raise
    write_record(folder, record)
    run.interrupted = INTERRUPTED in record.reason.split("; ")
    return folder
