"""A campaign: the instrument first, then the subject in the explorer, then the stories on real processes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import typer

from harness import clock
from harness.errors import WrongInputError
from harness.explorer.exploration import INTERRUPTED
from harness.explorer.hosting import choose_hosting
from harness.explorer.plan import Plan, workloads_for
from harness.explorer.target import open_target
from harness.faults.registry import ALL, select
from harness.interruption import stop_if_asked
from harness.recorder import RunFolder, write_record
from harness.redis_server.choice import EmbeddedChoice
from harness.subjects.broken.registry import PLANTED
from harness.subjects.loading import load_subject
from reports.stored_run import judge_part, write_verdict
from scenarios.registry import STORIES
from stormproof.evidence import show, write_reports
from stormproof.exploring import explore_into, store_schedules
from stormproof.live import Live
from stormproof.saying import count, exit_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.redis_server.choice import RedisChoice
    from harness.subjects.contract import Subject

TIERS = ("instrument", "explore", "scenarios")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How deep a campaign goes.

    Attributes:
        twin_kinds: Whether twins meet all fault kinds, or only the one that betrays their planted guard.
        bounds: Workers and faults of each exploration of the subject.
    """

    twin_kinds: bool
    bounds: tuple[tuple[int, int], ...]


PROFILES = {
    "smoke": Profile(twin_kinds=False, bounds=((2, 1), (3, 0))),
    "standard": Profile(twin_kinds=True, bounds=((2, 1), (3, 0))),
    "full": Profile(twin_kinds=True, bounds=((2, 1), (3, 1))),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a campaign is asked for."""

    kind: str
    profile: str
    tiers: tuple[str, ...]
    subjects: tuple[str, ...]
    only: tuple[str, ...]


def wanted(*, profile: str, tiers: list[str], only: list[str], subjects: list[str]) -> Wanted:
    """Return what is asked for.

    Raises:
        WrongInputError: A profile, tier, part or subject does not exist.
        CouldNotRunError: The gate of the explorer cannot hold a subject.
    """
    if profile not in PROFILES:
        raise WrongInputError(f"unknown profile {profile!r}; expected one of: {', '.join(PROFILES)}")
    for tier in tiers:
        if tier not in TIERS:
            raise WrongInputError(f"unknown tier {tier!r}; expected some of: {', '.join(TIERS)}")
    asked = Wanted(
        kind="campaign",
        profile=profile,
        tiers=tuple(tiers) or TIERS,
        subjects=tuple(subjects),
        only=tuple(only),
    )
    names = {part.name for part in _parts(asked, seed=0)}
    for name in only:
        if name not in names and not any(_is_called(part, name) for part in names):
            known = "; ".join(sorted(part for part in names if part.partition(".")[0] not in {"broken", "twin"}))
            raise WrongInputError(
                f"--only {name}: there is no such part; expected {known}, or a broken.* or twin.* of `subjects`"
            )
    return asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a campaign.

    Attributes:
        name: What reports call it.
        tier: ``instrument``, ``explore`` or ``scenarios``.
        plan: What to explore; None for a story.
        story: Name of the story; empty for an exploration.
        subject: Whose guard.
        checker: The checker that must fire; None where nothing may.
    """

    name: str
    tier: str
    subject: Subject
    plan: Plan | None = None
    story: str = ""
    checker: str | None = None


def _parts(asked: Wanted, *, seed: int) -> Iterator[Part]:
    profile = PROFILES[asked.profile]
    if "instrument" in asked.tiers:
        yield from _instrument(profile, seed)
    for name in asked.subjects:
        subject = load_subject(name)
        if "explore" in asked.tiers:
            hosting = choose_hosting(name)
            for workers, faults in profile.bounds:
                plan = replace(
                    _plan(subject, workers=workers, faults=faults, kinds=tuple(ALL), seed=seed), hosting=hosting
                )
                named = replace(plan, name=f"{name}, {count(workers, 'worker')}, {count(faults, 'fault')}")
                yield Part(name=named.name, tier="explore", subject=subject, plan=named)
        if "scenarios" in asked.tiers:
            for story in STORIES:
                yield Part(name=f"{story}, {name}", tier="scenarios", subject=subject, story=story)


def _instrument(profile: Profile, seed: int) -> Iterator[Part]:
    for name, planted in PLANTED.items():
        broken, twin = load_subject(f"broken.{name}"), load_subject(f"twin.{name}")
        faults = len(planted.faults)
        plan = _plan(broken, workers=2, faults=faults, kinds=planted.faults, seed=seed)
        yield Part(name=plan.name, tier="instrument", subject=broken, plan=plan, checker=planted.checker)
        kinds = tuple(ALL) if profile.twin_kinds else planted.faults
        faults = 1 if profile.twin_kinds else faults
        plan = _plan(twin, workers=2, faults=faults, kinds=kinds, seed=seed)
        yield Part(name=plan.name, tier="instrument", subject=twin, plan=plan)


def _plan(subject: Subject, *, workers: int, faults: int, kinds: tuple[str, ...], seed: int) -> Plan:
    return Plan(
        name=subject.name,
        subject=subject,
        workers=workers,
        faults=faults,
        kinds=select(kinds),
        workloads=workloads_for(subject.promise),
        seed=seed,
    )


def _is_called(part: str, name: str) -> bool:
    return part.partition(",")[0] == name


def run(asked: Wanted, *, choice: RedisChoice, seed: int, budget_s: float | None, out: str | None) -> None:
    """Run what is asked for, judge it, report it, and end with its exit code."""
    parts = [
        part
        for part in _parts(asked, seed=seed)
        if not asked.only or any(name == part.name or _is_called(part.name, name) for name in asked.only)
    ]
    if not parts:
        raise WrongInputError("nothing of what exists was asked for; leave out --tier or --only")
    run_folder = RunFolder.create(asked.kind, seed, out)
    with Live() as live:
        try:
            _Campaign(run_folder, choice, budget_s, live).run(parts)
        except KeyboardInterrupt:
            run_folder.interrupted = True
        run_folder.write()
        verdict = write_verdict(run_folder.path)
        live.say("writing the reports")
        write_reports(run_folder.path)
    show(run_folder.path)
    raise typer.Exit(exit_of(verdict["verdict"], interrupted=run_folder.interrupted))


class _Campaign:
    """Runs parts one after the other."""

    def __init__(self, folder: RunFolder, choice: RedisChoice, budget_s: float | None, live: Live) -> None:
        self._folder = folder
        self._choice = choice
        self._budget_s = budget_s
        self._live = live
        self._started_ns = clock.elapsed_ns()

    def run(self, parts: list[Part]) -> None:
        for at, part in enumerate(parts):
            stop_if_asked()
            left_s = self._left_s()
            if left_s is not None and left_s <= 0:
                for late in parts[at:]:
                    self._folder.leave_out(late.name, f"the budget of {self._budget_s:g} s was used up before it")
                return
            if part.plan is not None:
                self._explore(part, part.plan)
            else:
                self._tell(part)
            if self._folder.interrupted:
                return

    def _left_s(self) -> float | None:
        if self._budget_s is None:
            return None
        return self._budget_s - (clock.elapsed_ns() - self._started_ns) / 1e9

    def _explore(self, part: Part, plan: Plan) -> None:
        is_instrument = part.tier == "instrument"
        expected = None
        if is_instrument:
            expected = "VALID" if part.checker is None else {"verdict": "INVALID", "checker": part.checker}
        folder = self._folder.part(part.name, role="instrument" if is_instrument else "subject", expected=expected)
        with open_target(self._choice) as target:
            explored = explore_into(folder, plan.within(self._left_s()), target, self._live, until=part.checker or "")
            self._folder.interrupted = explored.record.reason == INTERRUPTED
            if self._folder.interrupted:
                return
            verdict = judge_part(self._folder.path, part.name)
            store_schedules(folder, verdict, plan, target)
        rate = explored.rate
        self._live.done(
            f"{part.name}: {verdict['verdict']}, {count(explored.record.schedules, 'schedule')}, "
            f"{count(explored.record.classes, 'distinct history', 'distinct histories')}, {rate['elapsed_s']:.1f} s"
        )

    def _tell(self, part: Part) -> None:
        if not isinstance(self._choice, EmbeddedChoice):
            self._folder.leave_out(part.name, "a story kills its server, and an external one is not ours to kill")
            return
        folder: Path = self._folder.part(part.name)
        self._live.say(f"{part.name}: running")
        try:
            record = STORIES[part.story].tell(folder, part.subject, self._choice, self._folder.seed)
        except BaseException:
            self._folder.drop(part.name)
            raise
        write_record(folder, record)
        verdict = judge_part(self._folder.path, part.name)
        self._live.done(f"{part.name}: {verdict['verdict']}, {'; '.join(record.notes)}")
