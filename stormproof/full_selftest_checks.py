"""What a full self-test is made of: every claim of every tier, and the sound guards that nobody may accuse."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count as counting
from typing import TYPE_CHECKING, Any

from harness.conformance.profile import CI
from harness.explorer.plan import Plan, workloads_for
from harness.faults.kind import Target
from harness.faults.registry import ALL
from harness.storm.catches import SECONDS
from harness.subjects.box import BOX
from harness.subjects.loading import load_subject
from scenarios.registry import STORIES
from stormproof.parts import BREAKER, CORE, EXPLORE, parts_of, selftest
from stormproof.tier_claims import claims_of_tiers
from verify.run_layout import PROPERTIES, SCENARIOS, STORM

if TYPE_CHECKING:
    from collections.abc import Iterator

SOUND = tuple(
    name for name, boxed in BOX.items() if boxed.peer is None and name.partition(".")[0] not in {"broken", "twin"}
)
"""The guards in the box that keep their promises, besides the twins."""
_TWINS = tuple(name for name in BOX if name.startswith("twin."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of the instrument, in plain values, so that any process can run it.

    Attributes:
        tier: Which tier runs it.
        name: What reports call it.
        asked: What is run: a plan of the explorer, or ``subject`` and ``seed`` with ``only`` (trials), ``story``, or
            ``inject`` and ``seconds`` (storms).
        checker: The checker that must fire; empty where nothing may.
    """

    tier: str
    name: str
    asked: dict[str, Any]
    checker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What of the claims of trials, stories and storms is run.

    Attributes:
        checks: Those that are.
        left_out: For each tier how many claims it has, and how many of them are left out.
    """

    checks: tuple[Check, ...]
    left_out: tuple[tuple[str, int, int], ...]


def explorer_checks(seed: int) -> list[Check]:
    """Return every planted guard within the bound that shows its bug, and its twin within the same bound."""
    return [
        Check(tier=EXPLORE, name=part.name, asked=part.plan.to_object(), checker=part.checker)
        for part in parts_of(selftest(()), seed=seed)
        if part.plan is not None
    ]


def claimed_checks(seed: int, share: int) -> Share:
    """Return the claims of trials, stories and storms, and after each tier's what it may not accuse.

    Args:
        seed: The run's; it says with which claim of a tier a share begins.
        share: Every so-manyth claim of each tier is taken.
    """
    checks: list[Check] = []
    left_out = []
    for tier in (PROPERTIES, SCENARIOS, STORM):
        claims = [claim for claim in claims_of_tiers() if claim.tier == tier]
        taken = claims[seed % share :: share]
        left_out.append((tier, len(claims), len(claims) - len(taken)))
        for claim in taken:
            # Trials are claimed of the examples of the profile `ci`, which are the same in every run.
            drawn_from = CI.seed_of(None) if tier == PROPERTIES else seed
            checks.append(_check(tier, f"broken.{claim.guard}", claim.under, drawn_from, claim.checker))
        if tier != PROPERTIES:
            checks += [
                _check(tier, _sound_of(tier, under), under, seed) for under in dict.fromkeys(c.under for c in taken)
            ]
    return Share(checks=tuple(checks), left_out=tuple(left_out))


def sound_checks(seed: int) -> Iterator[Check]:
    """Yield schedules in which nobody may be accused, without an end.

    Trials of the reference guards and of all twins come first, which lose the store too. Then the explorer runs those
    that guard one key, each under one fault of every kind that leaves the store alone. Then come trials again, round
    by round, each round from another seed.
    """
    for drawn_from in counting(seed):
        for name in (*SOUND, *_TWINS):
            yield _check(PROPERTIES, name, "", drawn_from)
        if drawn_from == seed:
            for plan in filter(None, (_every_kind(name, seed) for name in (*SOUND, *_TWINS))):
                yield Check(tier=EXPLORE, name=plan.name, asked=plan.to_object())


def _check(tier: str, subject: str, under: str, seed: int, checker: str = "") -> Check:
    asked: dict[str, Any]
    if tier == PROPERTIES:
        name, asked = f"{PROPERTIES}, {subject}, seed {seed}", {"only": checker}
    elif tier == SCENARIOS:
        name, asked = f"{under}, {subject}", {"story": under}
    else:
        # All of a timeline must be shown of a sound guard, however slow the machine is just then.
        seconds = SECONDS if checker else 2 * SECONDS
        name, asked = f"{STORM}, {subject}, {under or 'no fault'}", {"inject": under, "seconds": seconds}
    return Check(
        tier=tier, name=name, asked={"name": name, "subject": subject, "seed": seed, **asked}, checker=checker
    )


def _sound_of(tier: str, under: str) -> str:
    """Return the guard of ours of which a story or a storm may find nothing."""
    return BREAKER if tier == SCENARIOS and STORIES[under].STORY.of_breakers else CORE


def _every_kind(name: str, seed: int) -> Plan | None:
    """Return the plan of every kind of fault that needs no server of its own for a schedule.

    None of a breaker or a retry policy, whose schedules are too many.
    """
    subject = load_subject(name)
    if subject.limits is not None:
        return None
    return Plan(
        name=f"{name}, any fault",
        subject=subject,
        workers=2,
        faults=1,
        kinds=tuple(kind for kind in ALL.values() if kind.target is not Target.STORE),
        workloads=workloads_for(subject.promise),
        seed=seed,
    )
