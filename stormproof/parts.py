"""What a campaign is made of: the parts that its profile, tiers and subjects ask for, in their order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.durability.lattice import full, smoke
from harness.durability.running import SUBJECT as REFERENCE
from harness.errors import WrongInputError
from harness.explorer.hosting import choose_hosting
from harness.explorer.plan import Plan, workloads_for
from harness.faults.registry import ALL, select
from harness.subjects.broken.registry import PLANTED
from harness.subjects.loading import load_subject
from scenarios.experiments.telling import ExperimentTelling
from scenarios.registry import STORIES
from stormproof.saying import count
from verify.run_layout import DURABILITY, SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.subjects.contract import Subject
    from scenarios.story import Story
    from scenarios.storybook import Telling
    from verify.durability.cell import Configuration, Crash

BREAKER = "breaker"
"""The reference's circuit breaker."""
INSTRUMENT, EXPLORE = "instrument", "explore"
TIERS = (INSTRUMENT, EXPLORE, SCENARIOS, DURABILITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How deep a campaign goes.

    Attributes:
        twin_kinds: Fault kinds that every twin meets besides those with which its planted guard is caught, one in a
            schedule.
        bounds: Workers and faults of each exploration of the subject.
        whole_lattice: Whether every cell of the durability lattice is measured although nobody asked for the tier.
    """

    twin_kinds: tuple[str, ...]
    bounds: tuple[tuple[int, int], ...]
    whole_lattice: bool = False


PROFILES = {
    "smoke": Profile(twin_kinds=(), bounds=((2, 1), (3, 0))),
    "standard": Profile(twin_kinds=tuple(ALL), bounds=((2, 1), (3, 0))),
    "full": Profile(twin_kinds=tuple(ALL), bounds=((2, 1), (3, 1)), whole_lattice=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a campaign is asked for.

    Attributes:
        kind: ``campaign`` or ``selftest``.
        profile: How deep it goes.
        tiers: Which tiers.
        subjects: Whose guards, by name.
        only: Names of parts; all where it is empty.
        lattice: The cells of the tier ``durability``.
        tellings: The stories of the tier ``scenarios``.
    """

    kind: str
    profile: Profile
    tiers: tuple[str, ...]
    lattice: tuple[tuple[Configuration, Crash], ...]
    subjects: tuple[str, ...]
    only: tuple[str, ...]
    tellings: tuple[Telling, ...] = tuple(STORIES.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a campaign.

    Attributes:
        name: What reports call it.
        tier: ``instrument``, ``explore``, ``scenarios`` or ``durability``.
        plan: What to explore; None for a story or a lattice.
        telling: The story; None for an exploration or a lattice.
        lattice: The cells of the durability lattice; empty for anything else.
        subject: Whose guard.
        checker: The checker that must fire; empty where nothing may.
    """

    name: str
    tier: str
    subject: Subject
    plan: Plan | None = None
    telling: Telling | None = None
    lattice: tuple[tuple[Configuration, Crash], ...] = ()
    checker: str = ""


def selftest(twin_kinds: tuple[str, ...]) -> Wanted:
    """Return the check of the instrument alone; *twin_kinds* is as in :class:`Profile`."""
    profile = Profile(twin_kinds=twin_kinds, bounds=())
    return Wanted(kind="selftest", profile=profile, tiers=(INSTRUMENT,), lattice=(), subjects=(), only=())


def wanted(
    *, profile: str, tiers: list[str], only: list[str], subjects: list[str], experiments: Sequence[str] = ()
) -> Wanted:
    """Return what is asked for; with *experiments*, which are files, they are the stories and nothing else is run.

    Raises:
        WrongInputError: A profile, tier, part or subject does not exist.
        CouldNotRunError: No gate of the explorer can hold a subject.
    """
    if profile not in PROFILES:
        raise WrongInputError(f"unknown profile {profile!r}; expected one of: {', '.join(PROFILES)}")
    for tier in tiers:
        if tier not in TIERS:
            raise WrongInputError(f"unknown tier {tier!r}; expected some of: {', '.join(TIERS)}")
    if experiments and (tiers or only):
        raise WrongInputError("--from-experiment says what is run; leave out --tier and --only")
    told = tuple(ExperimentTelling(path) for path in experiments)
    asked = Wanted(
        kind="campaign",
        profile=PROFILES[profile],
        tiers=(SCENARIOS,) if told else tuple(tiers) or TIERS,
        lattice=full() if DURABILITY in tiers or PROFILES[profile].whole_lattice else smoke(),
        subjects=tuple(subjects),
        only=tuple(only),
        tellings=told or tuple(STORIES.values()),
    )
    names = {part.name for part in _all_parts(asked, seed=0)}
    for name in only:
        if not any(_is_called(part, name) for part in names):
            known = "; ".join(sorted(part for part in names if part.partition(".")[0] not in {"broken", "twin"}))
            raise WrongInputError(
                f"--only {name}: there is no such part; expected {known}, or a broken.* or twin.* of `subjects`"
            )
    return asked


def parts_of(asked: Wanted, *, seed: int) -> list[Part]:
    """Return the parts that are asked for, in the order in which they run.

    Raises:
        WrongInputError: There is none.
    """
    parts = [
        part
        for part in _all_parts(asked, seed=seed)
        if not asked.only or any(_is_called(part.name, name) for name in asked.only)
    ]
    if not parts:
        raise WrongInputError("nothing of what exists was asked for; leave out --tier or --only")
    return parts


def _all_parts(asked: Wanted, *, seed: int) -> Iterator[Part]:
    if INSTRUMENT in asked.tiers:
        yield from _instrument(asked.profile, seed)
    for name in asked.subjects:
        subject = load_subject(name)
        if EXPLORE in asked.tiers:
            hosting = choose_hosting(name)
            for workers, faults in asked.profile.bounds:
                plan = _plan(subject, workers=workers, faults=faults, kinds=tuple(ALL), seed=seed)
                called = f"{name}, {count(workers, 'worker')}, {count(faults, 'fault')}"
                plan = replace(plan, name=called, hosting=hosting)
                yield Part(name=plan.name, tier=EXPLORE, subject=subject, plan=plan)
        if SCENARIOS in asked.tiers:
            for telling in asked.tellings:
                told_of = _told_of(telling.STORY, subject)
                if told_of is not None:
                    called = f"{telling.STORY.name}, {told_of.name}"
                    yield Part(name=called, tier=SCENARIOS, subject=told_of, telling=telling)
    # The lattice shows what Redis and the validator do, and its orders run through the reference guard.
    if DURABILITY in asked.tiers and REFERENCE in asked.subjects:
        yield Part(
            name=f"{DURABILITY}, {REFERENCE}", tier=DURABILITY, subject=load_subject(REFERENCE), lattice=asked.lattice
        )


def _told_of(story: Story, subject: Subject) -> Subject | None:
    """Return of whom a story is told; None where it has nothing to tell of the subject.

    The reference is a guard and a breaker. No story waits for the cooldowns of a retry policy.
    """
    if subject.retries is not None:
        return None
    if story.of_breakers is (subject.breaker is not None):
        return subject
    return load_subject(BREAKER) if story.of_breakers and subject.name == REFERENCE else None


def _instrument(profile: Profile, seed: int) -> Iterator[Part]:
    for name, planted in PLANTED.items():
        broken, twin = load_subject(f"broken.{name}"), load_subject(f"twin.{name}")
        caught_with = planted.faults
        plan = _plan(broken, workers=2, faults=len(caught_with), kinds=caught_with, seed=seed)
        yield Part(name=plan.name, tier=INSTRUMENT, subject=broken, plan=plan, checker=planted.checker)
        plan = replace(plan, name=twin.name, subject=twin)
        if profile.twin_kinds:
            plan = replace(plan, faults=1, kinds=select({*caught_with, *profile.twin_kinds}))
        yield Part(name=plan.name, tier=INSTRUMENT, subject=twin, plan=plan)


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
    return name in {part, part.partition(",")[0]}
