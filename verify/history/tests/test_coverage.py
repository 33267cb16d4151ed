"""Coverage says what was possible, what was hit, and names the rest."""

from __future__ import annotations

from dataclasses import replace

from verify.history.coverage import coverage
from verify.history.record import Bound, ExplorationRecord

RECORD = ExplorationRecord(
    tier="explore",
    name="two-workers",
    subject="planted",
    bound=Bound(workers=2, faults=1, kinds=("advance", "crash_after", "error_reply:NOSCRIPT", "reply_lost")),
    schedules=10,
    classes=1,
    exhausted=True,
    seed=7,
    hits={"reply_lost": {"1 SET": 2, "recovery GET": 1}, "crash_after": {"1 SET": 1}, "advance": {"time": 3}},
    applicable={
        "reply_lost": ("1 SET", "recovery GET"),
        "crash_after": ("1 SET", "2 effect"),
        "advance": ("time",),
    },
)


def test_boundary_counts_as_hit_when_every_kind_struck_that_could() -> None:
    """Two of three boundaries were hit by all that could strike there; the third is named."""
    seen = coverage(RECORD)
    assert (seen.boundaries_hit, seen.boundaries, seen.kinds) == (2, 3, ("crash_after", "reply_lost"))
    assert (seen.hit, seen.possible, seen.not_hit) == (4, 5, ("crash_after at 2 effect",))


def test_faults_of_the_world_are_counted_by_themselves() -> None:
    """A jump of time strikes no step."""
    seen = coverage(RECORD)
    assert (seen.world_hit, seen.world, seen.world_kinds) == (1, 1, ("advance",))


def test_kind_that_could_strike_nowhere_is_named_unless_it_cannot_be_done() -> None:
    """A guard without scripts is never told that one is missing."""
    assert coverage(RECORD).nowhere == ("error_reply:NOSCRIPT",)
    assert coverage(replace(RECORD, unavailable={"error_reply:NOSCRIPT": "why"})).nowhere == ()


def test_place_that_was_never_hit_is_no_hit() -> None:
    """A count of nothing hits nothing, and what was hit was possible."""
    seen = coverage(replace(RECORD, hits={"reply_lost": {"1 SET": 0, "3 GET": 1}}))
    assert (seen.hit, seen.possible) == (1, 6)
    assert "reply_lost at 1 SET" in seen.not_hit
