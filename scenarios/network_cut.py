"""The way between workers and Redis breaks: first nothing passes in either direction, then every connection is reset.

Each time orders are under way, two workers for every order. In the partition the clients run into their time limits;
a reset ends their connections at once. A correct guard refuses, or says that it is in doubt. A guard that goes on
where Redis cannot be asked lets both workers place the order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import partition_workers, reset
from scenarios.cutting import cut_under_load
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="network_cut",
    category=Category.NETWORK,
    what="Workers and Redis are cut off from each other: by a partition, then by resets.",
    kinds=("partition_workers", "reset"),
    catches=("broken.fail_open_on_error",),
    is_proxied=True,
)


def play(stage: Stage) -> None:
    """Cut the way twice, each time under load, and mend it again."""
    cut_under_load(stage, partition_workers.FAULT)
    cut_under_load(stage, reset.FAULT)
    stage.heal()
    stage.redeliver()
