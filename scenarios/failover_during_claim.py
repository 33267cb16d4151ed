"""A replica takes over that never got the last claims, while their orders are in the book and not yet marked.

The replica hears nothing from the primary while four workers claim and place an order each; then the primary dies and
the replica is promoted. The workers follow to it, as they would behind an address that moves, and the same orders are
delivered to fresh ones. A correct guard sees that the store is another one, and asks the venue before it does
anything. A guard that takes the new primary for the old one finds no claim, and places the orders again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import clock
from harness.nemesis import replica_promotion
from scenarios.midway import hold_midway, see_midway
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="failover_during_claim",
    category=Category.CRASH,
    what="A replica without the last claims becomes primary, while their orders are between effect and mark.",
    kinds=("replica_promotion",),
    catches=("broken.limits_unsaid",),
    has_replica=True,
    is_proxied=True,
)


def play(stage: Stage) -> None:
    """Fail over while every worker waits for the venue; let fresh workers come; then let all go on, and fail back."""
    names = STORY.worker_names
    keys = stage.orders(len(names))
    pair = stage.site.the_pair

    def place() -> None:
        hold_midway(stage, zip(names, keys, strict=True), workers=len(names))

    with stage.strike(replica_promotion.FAULT, at="between effect and mark", meanwhile=place) as blow:
        promoted_ns = clock.shared_ns()
        stage.follow(pair.replica)
        fresh = stage.hire(len(names))
        control = stage.venue.control
        ops = {stage.give(worker, key): key for worker, key in zip(fresh, keys, strict=True)}
        stage.until(lambda: all(op in stage.answers or len(control.ask(key=key)) > 1 for op, key in ops.items()))
        control.release()
        stage.until_idle()
        see_midway(stage, blow, at_ns=promoted_ns)
    stage.follow(pair.primary)
    stage.heal()
    stage.redeliver()
