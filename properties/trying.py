"""Tries a claim about the core on as many examples as a profile asks for. Judges nothing: it says what it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis

from harness.conformance.drawing import NotShownError, as_example, first_broken, seed_for, settings_of
from harness.explorer.plan import NO_CLOCK
from harness.explorer.target import clock_is_installed
from verify.properties.claims import Claimed

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from harness.conformance.profile import Profile
    from properties.claim import Claim


def try_claim(
    claim: Claim,
    profile: Profile,
    seed: int,
    *,
    kept_in: Path | None = None,
    suspect: Callable[[], AbstractContextManager[Any]] | None = None,
) -> Claimed:
    """Draw examples of *claim* and say what came of them.

    Args:
        claim: What is claimed.
        profile: How many examples.
        seed: The run's seed.
        kept_in: Folder of what broke claims before; None for none.
        suspect: Sets up what the claim is about; None: the core.

    Raises:
        CouldNotRunError: What the suspect needs cannot be had.
        KeyboardInterrupt: The user asked to stop.
    """
    if claim.needs_clock and not clock_is_installed():
        return Claimed(name=claim.name, says=claim.says, examples=0, unshown=NO_CLOCK)
    examples = 0
    with (suspect or claim.suspect)() as at:

        def one(**drawn: Any) -> None:
            nonlocal examples
            claim.check(at, **drawn)
            examples += 1

        one.__name__ = claim.name
        settings = settings_of(profile, None if kept_in is None else kept_in / claim.name)
        draw = hypothesis.seed(seed_for(seed, claim.name))(settings(hypothesis.given(**claim.drawn)(one)))
        try:
            broken = first_broken(draw)
        except NotShownError as error:
            return Claimed(name=claim.name, says=claim.says, examples=examples, unshown=str(error))
    found = as_example(broken) if broken is not None else None
    return Claimed(
        name=claim.name,
        says=claim.says,
        examples=examples,
        broken=found.broken if found is not None else "",
        example=found.lines if found is not None else (),
    )
