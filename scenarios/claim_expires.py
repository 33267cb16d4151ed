"""The lease of a live worker runs out at the very moment at which others ask for its order.

One order after the other is in the venue's book while the reply is kept back, so that its worker cannot mark it yet.
The server's clock jumps: in half of the rounds just short of the end of the lease, in the other half past it. Three
others get the order in that moment, and the first worker's reply is let through while they ask. Then everything is
delivered again. A correct guard never runs an effect again that was begun, whatever became of its lease. A broken one
whose claim is a key that ends with the lease finds nothing there and places the order a second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import clock_jump
from scenarios.places import at_venue
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="claim_expires",
    category=Category.EXPIRY,
    what="A claim runs out under a live worker, at the moment at which three others ask for it.",
    kinds=("clock_jump",),
    catches=("broken.lease_as_ttl", "broken.takeover_of_started"),
    lease_s=30.0,
)
_ROUNDS = 6
_SHORT_S = 5.0
"""How far before the end of the lease, or behind it, the clock comes to stand; more than a round takes."""


def play(stage: Stage) -> None:
    """Let leases run out, or nearly, under their holders."""
    first, *others = STORY.worker_names
    for number in range(_ROUNDS):
        seconds = STORY.lease_s + (_SHORT_S if number % 2 else -_SHORT_S)
        with at_venue(stage, first) as held:
            key = held.wait()
            if not key:
                break
            with stage.strike(clock_jump.FAULT, at="between effect and mark", seconds=seconds) as blow:
                blow.saw(held.seen())
                for worker in stage.random.sample(others, len(others)):
                    stage.give(worker, key)
                stage.crew.hand_out()
            stage.venue.control.release()
            stage.until_idle()
    stage.heal()
    stage.redeliver()
