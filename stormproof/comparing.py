"""What ``stormproof compare`` does, in order: check the options, explore each guard, judge, report, exit."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

import typer

from harness.errors import CouldNotRunError, WrongInputError
from harness.explorer.hosting import find_subject
from harness.explorer.jobs import Jobs
from harness.explorer.plan import Plan, workloads_for
from harness.interruption import stop_if_asked
from harness.recorder import RunFolder, write_compared
from harness.redis_server.opening import check_provider
from harness.subjects.box import BOX
from harness.subjects.peers.registry import PEERS
from reports.comparison import load_comparison
from reports.stored_run import write_verdict
from stormproof.evidence import show, write_reports
from stormproof.live import Live
from stormproof.options import WORKERS_MAX, cores, hosting_of, jobs_of, kinds_of, redis_of, seed_of, whole
from stormproof.part_run import run_part
from stormproof.saying import as_json as to_json
from stormproof.saying import exit_of
from verify.run_layout import COMPARISON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.faults.kind import FaultKind
    from harness.redis_server.choice import RedisChoice

LIMIT_MAX = 1_000_000
_PROGRAM = "a program that speaks the line protocol"
_OWN = "a guard of the user"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    """The bound within which every guard is explored. One fault in a schedule, so that what happens has one cause."""

    kinds: tuple[FaultKind, ...]
    workers: int
    limit: int | None
    seed: int

    def plan(self, subject: str | None, command: str | None = None) -> Plan:
        """Return what is explored of a guard.

        Raises:
            WrongInputError: It cannot be loaded.
            CouldNotRunError: No gate can hold it.
        """
        name, hosting = hosting_of("auto", None, command, subject)
        loaded = find_subject(name, hosting)
        return Plan(
            name=name,
            subject=loaded,
            hosting=hosting,
            workers=self.workers,
            faults=1 if self.kinds else 0,
            kinds=self.kinds,
            workloads=workloads_for(loaded.promise),
            seed=self.seed,
            limit=self.limit,
        )


def compare(
    *,
    subjects: str | None,
    commands: Sequence[str],
    kinds: str | None,
    workers: int,
    limit: int | None,
    jobs: int | None,
    redis: str,
    seed: int | None,
    out: str | None,
    as_json: bool,
) -> None:
    """Explore guards within one bound, set them side by side and end with the exit code of them all."""
    chosen = redis_of(redis, None)
    bound = _Bound(
        kinds=kinds_of(kinds),
        workers=whole("--workers", workers, 1, WORKERS_MAX),
        limit=None if limit is None else whole("--limit", limit, 1, LIMIT_MAX),
        seed=seed_of(seed),
    )
    count = jobs_of(jobs, default=cores())
    names, missing = _names(subjects, commands)
    plans = [bound.plan(name) for name in names] + [bound.plan(None, command) for command in commands]
    check_provider(chosen)
    run = RunFolder.create(COMPARISON, bound.seed, out, subjects=names)
    write_compared(run.path, {plan.name: _said(plan) for plan in plans})
    for name, why in missing.items():
        run.leave_out(name, why)
    with Live(silent=as_json) as live:
        try:
            _explore(run, plans, chosen, count, live)
        except KeyboardInterrupt:
            run.interrupted = True
        run.write()
        verdict = write_verdict(run.path)
        live.say("writing the reports")
        write_reports(run.path)
    if as_json:
        typer.echo(to_json(load_comparison(run.path).to_object()))
    else:
        show(run.path)
    raise typer.Exit(exit_of(verdict["verdict"], interrupted=run.interrupted))


def _names(subjects: str | None, commands: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the subjects to compare, and those that cannot be here, with the reason.

    Where none is named, and no command, that is the reference and every third-party guard that is installed. One that
    is named and cannot be loaded is a mistake; one that is not, is said to be missing.

    Raises:
        WrongInputError: The list is empty, or names one twice.
    """
    if subjects is None:
        if commands:
            return [], {}
        peers = {f"peer.{name}": peer for name, peer in PEERS.items()}
        missing = {name: peer.notes[0] for name, peer in peers.items() if not peer.is_installed}
        return ["reference", *(name for name in peers if name not in missing)], missing
    names = [name.strip() for name in subjects.split(",") if name.strip()]
    if not names:
        raise WrongInputError("--subjects names none; leave it out for the reference and every third-party guard")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise WrongInputError(f"--subjects names {', '.join(twice)} more than once; expected each subject once")
    return names, {}


def _said(plan: Plan) -> dict[str, str]:
    """Return what is known of a guard: what it is, what its authors say, which version is here."""
    boxed = BOX.get(plan.name)
    if boxed is None:
        what = _PROGRAM if plan.hosting.command else _OWN
        return {"what": what, "package": "", "version": "", "says": "", "where": ""}
    package = boxed.peer.package if boxed.peer is not None else "stormproof"
    says, where = (boxed.peer.says, boxed.peer.where) if boxed.peer is not None else ("", "")
    return {"what": boxed.what, "package": package, "version": _version(package), "says": says, "where": where}


def _version(package: str) -> str:
    """Return the installed version of a package; empty where it is not known."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _explore(run: RunFolder, plans: Sequence[Plan], choice: RedisChoice, jobs: int, live: Live) -> None:
    """Explore one guard after the other; what cannot be run is said, and the others may show something all the same.

    Raises:
        KeyboardInterrupt: The user asked to stop.
    """
    for plan in plans:
        stop_if_asked()
        folder = run.part(plan.name)
        live.say(f"{plan.name}: running")
        several = Jobs(plan, choice, jobs) if jobs > 1 else None
        try:
            told = run_part(run.path, folder, plan, choice, live, jobs=several)
        except CouldNotRunError as error:
            run.drop(plan.name, str(error))
            live.done(f"{plan.name}: not run, {error}")
            continue
        except BaseException:
            run.drop(plan.name)
            raise
        if told.interrupted:
            raise KeyboardInterrupt
        live.done(told.line)
