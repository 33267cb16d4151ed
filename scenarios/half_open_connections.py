"""The server forgets its connections, and the workers do not hear of it: what they send arrives nowhere.

Every order is given to two workers while their connections are half-open. A correct guard gives up after its time
limit and refuses, or says that it is in doubt. A guard that waits without end stops; one that goes on where Redis
does not answer lets both workers place the order, as soon as the proxy ends the connections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import half_open
from scenarios.cutting import cut_under_load
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="half_open_connections",
    category=Category.NETWORK,
    what="The server has forgotten its connections, and the workers have not heard of it.",
    kinds=("half_open",),
    catches=("broken.fail_open_on_error",),
    is_proxied=True,
)


def play(stage: Stage) -> None:
    """Open every connection, let the server forget it, and give orders."""
    names = STORY.worker_names
    for worker, key in zip(names, stage.orders(len(names)), strict=True):
        stage.give(worker, key)
    stage.until_idle()
    cut_under_load(stage, half_open.FAULT)
    stage.heal()
    stage.redeliver()
