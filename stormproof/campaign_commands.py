"""What the commands that run a campaign do: check the options and run it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from harness.conformance.profile import profile_named
from harness.errors import WrongInputError
from harness.recorder import RUNS
from scenarios.terms import terms_of
from stormproof import campaigning, full_selftest, parts
from stormproof.options import SEED_END, budget_of, cores, hosting_of, jobs_of, kinds_of, redis_of, seed_of, whole

_MINUTES, _MOST_MINUTES = 10.0, 24 * 60
"""How long nights are."""
_MOST_SHARES, _MOST_SCHEDULES = 50, 10**8


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOfSelftest:
    """What a self-test is asked for; None where nothing was said.

    Attributes:
        kinds: Further fault kinds that every twin meets.
        full: The claims of all tiers are run.
        share: Every so-manyth claim of trials, stories and storms.
        schedules: Schedules of sound guards.
    """

    kinds: str | None
    full: bool
    share: int | None
    schedules: int | None


def selftest(
    asked: AskedOfSelftest,
    *,
    jobs: int | None,
    redis: str,
    seed: int | None,
    budget_s: float | None,
    out: str | None,
) -> None:
    """Check the instrument alone."""
    given = {"--share": asked.share, "--schedules": asked.schedules}
    if not asked.full:
        for option in (option for option, value in given.items() if value is not None):
            raise WrongInputError(f"{option} goes with --full")
    elif asked.kinds is not None:
        raise WrongInputError("--full tries every kind on every twin; leave out --kinds")
    twin_kinds = () if asked.kinds is None else tuple(kind.name for kind in kinds_of(asked.kinds))
    choice, chosen_seed = redis_of(redis, None), seed_of(seed)
    hands, budget = jobs_of(jobs, default=cores()), budget_of(budget_s)
    if not asked.full:
        campaigning.run(
            parts.selftest(twin_kinds), choice=choice, seed=chosen_seed, budget_s=budget, jobs=hands, out=out
        )
    full_selftest.run(
        choice=choice,
        seed=chosen_seed,
        budget_s=budget,
        jobs=hands,
        out=out,
        share=whole("--share", 1 if asked.share is None else asked.share, 1, _MOST_SHARES),
        schedules=whole(
            "--schedules", full_selftest.SCHEDULES if asked.schedules is None else asked.schedules, 0, _MOST_SCHEDULES
        ),
    )


def campaign(
    *,
    profile: str,
    tiers: list[str],
    only: list[str],
    subjects: list[str],
    jobs: int | None,
    redis: str,
    allow_target: list[str] | None,
    seed: int | None,
    budget_s: float | None,
    out: str | None,
    toxiproxy: str,
    abort_when: list[str],
    experiments: list[str],
) -> None:
    """Run a campaign."""
    terms = terms_of(toxiproxy, abort_when)
    campaigning.run(
        parts.wanted(profile=profile, tiers=tiers, only=only, subjects=subjects, experiments=experiments),
        terms=terms,
        choice=redis_of(redis, allow_target),
        seed=seed_of(seed),
        budget_s=budget_of(budget_s),
        jobs=jobs_of(jobs, default=cores()),
        out=out,
    )


def properties(
    *,
    subject: str | None,
    promise: str | None,
    profile: str,
    minutes: float | None,
    chaos_seed: int | None,
    kinds: str | None,
    gate: str,
    python: str | None,
    command: str | None,
    redis: str,
    allow_target: list[str] | None,
    out: str | None,
) -> None:
    """Draw generated claims about one subject."""
    chosen = profile_named(profile)
    if minutes is not None and not chosen.has_minutes:
        raise WrongInputError(f"--minutes goes with --profile nightly, not with {profile}")
    if minutes is not None and not 0 < minutes <= _MOST_MINUTES:
        raise WrongInputError(f"--minutes is {minutes:g}; expected more than 0, and {_MOST_MINUTES} at most")
    seed = chosen.seed_of(None if chaos_seed is None else whole("--chaos-seed", chaos_seed, 0, SEED_END - 1))
    name, hosting = hosting_of(gate, python, command, subject or (None if command else "reference"))
    said = {"promise": promise, "kinds": kinds, "gate": None if gate == "auto" else gate, "python": python}
    options = "".join(f" --{option} {shlex.quote(value)}" for option, value in said.items() if value is not None)
    drawing = parts.Drawing(
        profile=chosen,
        kinds=kinds_of(kinds),
        hosting=hosting,
        promise=promise,
        minutes=(minutes or _MINUTES) if chosen.has_minutes else None,
        examples=Path(RUNS) / "examples" if chosen.keeps_examples and chaos_seed is None else None,
        options=options,
    )
    campaigning.run(
        parts.properties(name, drawing),
        choice=redis_of(redis, allow_target),
        seed=seed,
        budget_s=None,
        jobs=1,
        out=out,
    )
