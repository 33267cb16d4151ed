"""Redis answers, but each round trip takes most of the client's time limit, and longer than a lease lasts.

A request takes 0.45 s and its reply as long, of the second for which the reference waits. A worker claims an order;
before its next command arrives the lease is over, and others ask for the same order. A correct guard sees that it
comes too late, and does nothing. A guard whose claim ends with the lease lets the others in, and the order lands
twice. When Redis is quick again, everything is placed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import latency
from scenarios.overtaking import overtake
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="redis_slow_but_alive",
    category=Category.NETWORK,
    what="Each round trip takes most of the client's time limit, and longer than a lease.",
    kinds=("latency",),
    catches=("broken.lease_as_ttl", "broken.start_without_token"),
    lease_s=0.5,
    is_proxied=True,
)
_ONE_WAY_MS = 450
_ORDERS = 1


def play(stage: Stage) -> None:
    """Open every connection, slow them down, and let workers overtake each other."""
    names = STORY.worker_names
    for worker, key in zip(names, stage.orders(len(names)), strict=True):
        stage.give(worker, key)
    stage.until_idle()
    keys = stage.orders(_ORDERS)
    with (
        stage.strike(latency.FAULT, milliseconds=_ONE_WAY_MS, stream="upstream"),
        stage.strike(latency.FAULT, milliseconds=_ONE_WAY_MS, stream="downstream"),
    ):
        overtake(stage, keys, names)
    stage.heal()
    stage.redeliver()
