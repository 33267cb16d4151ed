"""What the options mean, checked once, before anything is started or written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness.errors import CouldNotRunError, WrongInputError
from harness.explorer.jobs import MOST_JOBS
from harness.faults.registry import ALL, select
from harness.redis_server.choice import RedisChoice, parse_choice
from harness.seed import fresh_seed
from harness.subjects.box import BOX

if TYPE_CHECKING:
    from harness.faults.kind import FaultKind

WORKERS_MAX = 8
FAULTS_MAX = 2
GREENLET = "greenlet"
_GATES = (GREENLET,)
_SEED_END = 2**32


def kinds_of(kinds: str | None) -> tuple[FaultKind, ...]:
    """Return the fault kinds of ``--kinds``; all of them for ``all`` or where nothing was said.

    Raises:
        WrongInputError: A kind is unknown, or the list is empty.
    """
    if kinds is None or kinds.strip() == "all":
        return tuple(ALL.values())
    names = [name.strip() for name in kinds.split(",") if name.strip()]
    if not names:
        raise WrongInputError("--kinds names no fault kind; leave it out for all, or see `stormproof faults`")
    return select(names)


def check_gate(gate: str, subject: str) -> None:
    """Check that there is such a gate and that it can hold the subject.

    Raises:
        WrongInputError: There is no such gate.
        CouldNotRunError: It cannot hold the subject.
    """
    if gate not in _GATES:
        raise WrongInputError(f"unknown gate {gate!r}; expected one of: {', '.join(_GATES)}")
    peer = BOX[subject].peer if subject in BOX else None
    if gate == GREENLET and peer is not None and peer.needs_proxy:
        raise CouldNotRunError(f"the greenlet gate cannot hold {subject}: {peer.needs_proxy}; nothing was run")


def jobs_of(jobs: int | None, *, default: int) -> int:
    """Return how many processes run the schedules.

    Raises:
        WrongInputError: The number is out of range.
    """
    return default if jobs is None else whole("--jobs", jobs, 1, MOST_JOBS)


def cores() -> int:
    """Return how many processor cores this process may use, 8 at the most."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1), 8)


def whole(name: str, value: int, least: int, most: int) -> int:
    """Return *value* if it lies in its range.

    Raises:
        WrongInputError: It does not.
    """
    if not least <= value <= most:
        raise WrongInputError(f"{name} is {value}; expected a whole number from {least} to {most}")
    return value


def seed_of(seed: int | None) -> int:
    """Return the given seed, or a fresh one."""
    return fresh_seed() if seed is None else whole("--seed", seed, 0, _SEED_END - 1)


def budget_of(budget_s: float | None) -> float | None:
    """Return the budget in seconds; None means none.

    Raises:
        WrongInputError: It is no positive number of seconds.
    """
    if budget_s is not None and not 0 < budget_s < float("inf"):
        raise WrongInputError(f"--budget is {budget_s:g}; expected seconds, more than 0")
    return budget_s


def redis_of(redis: str, allow_target: list[str] | None) -> RedisChoice:
    """Return the chosen Redis."""
    return parse_choice(redis, allow_target=allow_target or [])
