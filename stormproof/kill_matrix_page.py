"""The page of the kill matrix: which planted guard which tier must catch, by which checker. Nothing is run for it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from harness.subjects.broken.registry import PLANTED
from stormproof.full_selftest import SCHEDULES
from stormproof.markdown import NOTE, joined, table
from stormproof.parts import EXPLORE
from stormproof.tier_claims import claims_of_tiers
from verify.history.checkers import CHECKERS
from verify.run_layout import PROPERTIES, SCENARIOS, STORM

if TYPE_CHECKING:
    from stormproof.tier_claims import TierClaim

NAMES = {EXPLORE: "explorer", PROPERTIES: "trials", SCENARIOS: "stories", STORM: "storms"}
"""What documents call the tiers."""
_ABOUT = f"""\
What `stormproof selftest --full` runs. A *claim* is a planted guard that a tier must catch, by the named checker. One
that is not caught is *missed*. The reference guards, and of each planted guard the twin without the bug, must be
found sound: in the bound in which the bug shows, under one fault of every kind that leaves the store alone, in
trials from one seed after another, which lose the store too, in stories and in storms, until {SCHEDULES:,} schedules
are run (`--schedules`). What is found of them is a *false alarm*. One of either ends with exit code 1.

`--share N` runs every Nth claim of trials, stories and storms alone, and says what it left out. `--budget` says how
long it may take; what it leaves out makes the result UNKNOWN. The tables below say what must be caught. What was
caught, and by which checkers, stands in the report of a run.

The explorer claims every planted guard. Its smallest schedule is the one with the fewest faults; named here are their
kinds. The class of a guard says where its bug is from: `reported` in a public thread, `seen` in packages, or
`generic`.

The checkers are scored too. In good histories of the run one event at a time is dropped, told twice, told after the
next one, or given another value. A mutant is noticed where it is no longer VALID. One that nobody notices is legal
for a reason that the report names, or is listed as not noticed, with an example."""


def kill_matrix_page() -> str:
    """Return the page."""
    claims = claims_of_tiers()
    rows = [
        (
            f"[`{guard}`](../harness/subjects/broken/{guard}.py)",
            planted.origin_class,
            planted.origin,
            f"[`twin.{guard}`](subjects.md)",
            f"`{planted.checker}`",
            ", ".join(f"`{kind}`" for kind in planted.faults) or "no fault",
            *(_under(guard, tier, claims) for tier in (PROPERTIES, SCENARIOS, STORM)),
        )
        for guard, planted in PLANTED.items()
    ]
    heads = ("planted guard", "class", "origin", "twin", "must be caught by", "smallest schedule")
    return joined(
        [
            "# The kill matrix",
            NOTE,
            _ABOUT,
            "## Checkers and tiers",
            table(("checker", *NAMES.values()), [_counts(checker.name, claims) for checker in CHECKERS]),
            "## Planted guards and tiers",
            table((*heads, "trials", "stories", "storms"), rows),
        ]
    )


def caught_in_words(checker: str) -> str:
    """Return in which tiers how many planted guards must be caught by a checker; empty where none must."""
    _, *numbers = _counts(checker, claims_of_tiers())
    said = [f"{name} {number}" for name, number in zip(NAMES.values(), numbers, strict=True) if number != "-"]
    return ", ".join(said)


def _counts(checker: str, claims: tuple[TierClaim, ...]) -> tuple[str, ...]:
    """Return the row of a checker: how many planted guards each tier must catch by it."""
    guards = Counter(tier for tier, _ in {(each.tier, each.guard) for each in claims if each.checker == checker})
    return f"`{checker}`", *(str(guards[tier] or "-") for tier in NAMES)


def _under(guard: str, tier: str, claims: tuple[TierClaim, ...]) -> str:
    """Return what goes wrong when a tier catches a guard; a dash where it claims nothing."""
    found = [claim.under for claim in claims if (claim.guard, claim.tier) == (guard, tier)]
    if tier == PROPERTIES:
        return "drawn" if found else "-"
    if tier == STORM:
        return ", ".join(f"`{under}`" if under else "no fault" for under in found) or "-"
    return ", ".join(f"[`{under}`](scenarios.md#{under})" for under in found) or "-"
