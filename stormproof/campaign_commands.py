"""What the commands that run a campaign do: check the options and run it."""

from __future__ import annotations

import shlex
from pathlib import Path

from harness.conformance.profile import profile_named
from harness.errors import WrongInputError
from harness.recorder import RUNS
from scenarios.terms import terms_of
from stormproof import campaigning, parts
from stormproof.options import SEED_END, budget_of, cores, hosting_of, jobs_of, kinds_of, redis_of, seed_of, whole

_MINUTES, _MOST_MINUTES = 10.0, 24 * 60
"""How long nights are."""


def selftest(*, kinds: str | None, jobs: int | None, redis: str, seed: int | None, out: str | None) -> None:
    """Check the instrument alone."""
    twin_kinds = () if kinds is None else tuple(kind.name for kind in kinds_of(kinds))
    campaigning.run(
        parts.selftest(twin_kinds),
        choice=redis_of(redis, None),
        seed=seed_of(seed),
        budget_s=None,
        jobs=jobs_of(jobs, default=cores()),
        out=out,
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
