"""Which planted guard which tier claims to catch: one view of what each tier says of itself, and no second list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.conformance.planted import CAUGHT
from harness.storm.catches import CATCHES
from harness.subjects.broken.registry import PLANTED
from scenarios.registry import STORIES
from stormproof.parts import EXPLORE
from verify.run_layout import PROPERTIES, SCENARIOS, STORM

if TYPE_CHECKING:
    from collections.abc import Iterator

TIERS = (EXPLORE, PROPERTIES, SCENARIOS, STORM)
"""Those that claim planted guards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierClaim:
    """One planted guard that one tier must catch.

    Attributes:
        tier: Which tier.
        guard: Name of the planted guard, without ``broken.``.
        checker: The checker that must find it.
        under: What goes wrong: the fault kinds of its smallest schedule, the story, or the timeline of the storm.
            Empty where nothing does, and for trials, in which it is drawn.
    """

    tier: str
    guard: str
    checker: str
    under: str = ""


def claims_of_tiers() -> tuple[TierClaim, ...]:
    """Return all claims, tier by tier."""
    return tuple(_claims())


def _claims() -> Iterator[TierClaim]:
    for guard, planted in PLANTED.items():
        yield TierClaim(tier=EXPLORE, guard=guard, checker=planted.checker, under=", ".join(planted.faults))
    for guard in CAUGHT:
        yield TierClaim(tier=PROPERTIES, guard=guard, checker=PLANTED[guard].checker)
    for story, telling in STORIES.items():
        for name in telling.STORY.catches:
            guard = name.removeprefix("broken.")
            yield TierClaim(tier=SCENARIOS, guard=guard, checker=PLANTED[guard].checker, under=story)
    for name, (checker, inject) in CATCHES.items():
        yield TierClaim(tier=STORM, guard=name.removeprefix("broken."), checker=checker, under=inject)
