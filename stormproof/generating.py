"""Draws the generated claims of one part, round by round, and leaves what was drawn in its folder."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from harness import clock
from harness.conformance.drawing import leaving_no_files
from harness.conformance.keeping import keeping
from harness.explorer.target import open_target
from harness.interruption import stop_if_asked
from harness.recorder import write_claims
from properties.trying import try_claim
from stormproof.parts import CORE
from verify.properties.claims import Claimed, Drawn

if TYPE_CHECKING:
    from pathlib import Path

    from harness.conformance.profile import Trials
    from harness.redis_server.choice import RedisChoice
    from properties.claim import Claim
    from stormproof.live import Live
    from verify.history.record import ExplorationRecord


def generate(
    trials: Trials, folder: Path, choice: RedisChoice, live: Live, *, minutes: float | None, options: str
) -> ExplorationRecord:
    """Draw and try; return the record of the trials.

    Args:
        trials: What is drawn of the guard.
        folder: The folder of the part.
        choice: On which server the guard runs.
        live: Where progress is shown.
        minutes: Rounds are drawn until so many minutes are over; None for one round.
        options: What the command that draws the same again says besides subject, profile and seed.

    Raises:
        CouldNotRunError: A server or the gate cannot do it.
        KeyboardInterrupt: The user asked to stop.
    """
    ends_ns = clock.elapsed_ns() + int((minutes or 0) * 60e9)
    tried: dict[str, Claimed] = {}
    core = _claims_about_core() if trials.subject.name == CORE else []
    with leaving_no_files(), open_target(choice) as target, keeping(trials, target, folder) as guard:
        rounds = 0
        while rounds == 0 or clock.elapsed_ns() < ends_ns:
            stop_if_asked()
            seed = trials.seed + rounds
            rounds += 1
            live.say(f"{trials.name}: round {rounds}, trials of the guard")
            guard.draw()
            for claim in core:
                before = tried.get(claim.name)
                if before is None or not (before.broken or before.unshown):
                    live.say(f"{trials.name}: round {rounds}, {claim.name}")
                    now = try_claim(claim, trials.profile, seed, kept_in=trials.examples)
                    tried[claim.name] = _together(before, now)
            if guard.found or any(claim.broken for claim in tried.values()):
                break
        record = guard.record()
        claims = (guard.claimed(), *tried.values())
    whose = "--command" if trials.hosting.command else "--subject"
    again = f"stormproof properties {whose} {shlex.quote(trials.subject.name)} --profile {trials.profile.name}"
    again += f" --chaos-seed {trials.seed + rounds - 1}{options}"
    write_claims(folder, Drawn(profile=trials.profile.name, rounds=rounds, again=again, claims=claims))
    return record


def _claims_about_core() -> list[Claim]:
    """Return the claims about the core, for which more must be installed than for trials of a guard."""
    from properties.registry import CLAIMS  # noqa: PLC0415 - a user's guard needs nothing of what they are about

    return list(CLAIMS.values())


def _together(before: Claimed | None, now: Claimed) -> Claimed:
    return now if before is None else replace(now, examples=before.examples + now.examples)
