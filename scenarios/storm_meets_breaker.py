"""A job queue delivers every order again and again while the venue fails, and a circuit breaker stands before it.

One order opens it. Then four workers are given the same orders in rounds: in some it is open, in others it is half
open and every probe fails, so that it opens anew. Then the venue is well: a probe goes through, and the orders after
it. The storm must not come to the venue: nobody calls while it is open, and one probes at a time. A breaker that each
process keeps for itself lets every worker learn it again; one without permits lets the whole storm probe at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import venue_failing
from scenarios.breaker_calls import close
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="storm_meets_breaker",
    category=Category.STORM,
    what="A storm of redeliveries meets a breaker that opens, probes in vain, opens again, and closes in the end.",
    kinds=("venue_failing",),
    catches=("broken.breaker_in_memory", "broken.breaker_probed_by_all"),
    lease_s=1.5,
    moves_clock=False,
    of_breakers=True,
)
_ORDERS = 12
_ROUNDS = 5
_COPIES = 2
_GIVEN = _ROUNDS * _COPIES * _ORDERS
_FAILING = 1 + _GIVEN
"""Requests that the venue fails: as many as there are deliveries, so that no probe of the storm succeeds."""
_BETWEEN = 0.6
"""Leases between two rounds: the breaker is open in one, and may be probed in the next."""


def play(stage: Stage) -> None:
    """Deliver everything in rounds while the venue fails, and let a probe close the breaker when it is well."""
    keys = stage.orders(_ORDERS)
    came = len(stage.venue.control.take())
    with stage.strike(venue_failing.FAULT, at="under a storm of deliveries", requests=_FAILING) as blow:
        # It must be open before the storm: whoever calls then was not told of it, and not only came too soon.
        stage.give(STORY.worker_names[0], keys[0])
        stage.until_idle()
        for number in range(_ROUNDS):
            if number:
                stage.wait(STORY.lease_s * _BETWEEN)
            for key in stage.random.sample(keys, len(keys)):
                for worker in stage.random.sample(STORY.worker_names, _COPIES):
                    stage.give(worker, key)
            stage.until_idle()
        blow.saw(f"{_GIVEN} deliveries of {len(keys)} orders were answered meanwhile")
    landed = len(stage.venue.control.take()) - came
    stage.notes.append(f"of the {1 + _GIVEN} deliveries of the storm, {landed} left a line in the venue's book")
    close(stage, list(STORY.worker_names))
