"""No key is done twice. Counts lines of the venue's book, never what a guard says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.history.words import Finding, Verdict

if TYPE_CHECKING:
    from verify.history.history import History

NAME = "at_most_once"
CLAIM = "Of one key at most one effect lands at the venue."


def check(history: History) -> list[Finding]:
    """Return one finding for each key that landed more than once."""
    findings = []
    for key in history.landed_keys:
        landings = history.landings_of(key)
        if len(landings) > 1:
            processes = ", ".join(landing.event.process for landing in landings)
            findings.append(
                Finding(
                    checker=NAME,
                    verdict=Verdict.INVALID,
                    sentence=f"key {key} landed {len(landings)} times (by {processes}); at most once was promised",
                    # The second landing breaks the promise; what lands after it breaks nothing more.
                    operations=tuple(landing.op for landing in landings[:2] if landing.op is not None),
                    at=landings[1].position,
                )
            )
    return findings
