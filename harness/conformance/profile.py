"""How much is drawn, and from which seed. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import WrongInputError
from harness.explorer.hosting import GREENLETS
from harness.seed import fresh_seed

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.hosting import Hosting
    from harness.faults.kind import FaultKind
    from harness.subjects.contract import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How much is drawn.

    Attributes:
        name: As in ``--profile``.
        what: What it is for.
        trials: Trials of a guard in one round.
        steps: Calls, steps and faults of one trial at most.
        examples: Examples of every other claim in one round.
        is_fixed: The same is drawn every time, unless a seed is given.
        keeps_examples: What broke a claim is kept in a folder and tried first the next time.
        has_minutes: Rounds are drawn, each from another seed, until the minutes that were asked for are over.
    """

    name: str
    what: str
    trials: int
    steps: int
    examples: int
    is_fixed: bool = False
    keeps_examples: bool = False
    has_minutes: bool = False

    def seed_of(self, given: int | None) -> int:
        """Return the seed to draw from."""
        if given is not None:
            return given
        return 0 if self.is_fixed else fresh_seed()


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="ci",
            what="the same examples every time",
            trials=300,
            steps=16,
            examples=200,
            is_fixed=True,
        ),
        Profile(name="dev", what="a first look, from a fresh seed", trials=60, steps=12, examples=50),
        Profile(
            name="nightly",
            what="fresh seeds until the minutes are over; what broke a claim before is tried first",
            trials=200,
            steps=30,
            examples=200,
            keeps_examples=True,
            has_minutes=True,
        ),
    )
}
CI, DEV, NIGHTLY = PROFILES["ci"], PROFILES["dev"], PROFILES["nightly"]


def profile_named(name: str) -> Profile:
    """Return the profile *name*.

    Raises:
        WrongInputError: There is none.
    """
    try:
        return PROFILES[name]
    except KeyError:
        raise WrongInputError(f"unknown profile {name!r}; expected one of: {', '.join(PROFILES)}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """What is to be drawn of one guard.

    Attributes:
        name: What reports call it.
        subject: Whose guard.
        kinds: The fault kinds asked for; those outside the promise are left out.
        seed: The run's seed.
        profile: How much.
        hosting: How the guard's processes are held.
        only: The one checker whose findings count; empty for all that are promised.
        examples: Where what broke the claim is kept; None for nowhere.
    """

    name: str
    subject: Subject
    kinds: tuple[FaultKind, ...]
    seed: int
    profile: Profile
    hosting: Hosting = GREENLETS
    only: str = ""
    examples: Path | None = None
