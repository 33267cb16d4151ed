"""What the commands that run a campaign do: check the options and run it."""

from __future__ import annotations

from scenarios.terms import terms_of
from stormproof import campaigning, parts
from stormproof.options import budget_of, cores, jobs_of, kinds_of, redis_of, seed_of


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
