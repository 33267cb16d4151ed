"""What the options mean, checked once, before anything is started or written."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from harness.errors import WrongInputError
from harness.explorer.hosting import choose_hosting, command_of
from harness.explorer.jobs import MOST_JOBS
from harness.faults.registry import ALL, select
from harness.redis_server.choice import RedisChoice, parse_choice
from harness.seed import fresh_seed

if TYPE_CHECKING:
    from harness.explorer.hosting import Hosting
    from harness.faults.kind import FaultKind

WORKERS_MAX = 8
FAULTS_MAX = 2
SEED_END = 2**32


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


def hosting_of(gate: str, python: str | None, command: str | None, subject: str | None) -> tuple[str, Hosting]:
    """Return the subject's name, which is the command where there is one, and how its processes are made and held.

    Raises:
        WrongInputError: There is no subject or no such gate, or they do not go together.
        CouldNotRunError: The gate cannot hold the subject.
    """
    if command is not None:
        if subject is not None:
            raise WrongInputError("--command is the subject; leave out --subject")
        words = command_of(command)
        return shlex.join(words), choose_hosting("", gate=gate, python=python or "", command=words)
    if subject is None:
        raise WrongInputError("explore needs --subject (see `stormproof subjects`), --command, or --resume RUN_DIR")
    return subject, choose_hosting(subject, gate=gate, python=python or "")


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
    return fresh_seed() if seed is None else whole("--seed", seed, 0, SEED_END - 1)


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
