"""The way between workers and Redis breaks in three manners: nothing passes, connections are reset, half-open ones.

Each time orders are under way, two workers for every order. A partition lets bytes vanish in both directions, and the
clients run into their time limits; resets end connections at once; a half-open connection looks alive to the worker,
and the server has forgotten it. A correct guard refuses, or says that it is in doubt. A guard that goes on where Redis
cannot be asked lets both workers place the order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import half_open, partition_workers, reset
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="network_cut",
    category=Category.NETWORK,
    what="Workers and Redis are cut off from each other: by a partition, by resets, by half-open connections.",
    kinds=("partition_workers", "reset", "half_open"),
    catches=("broken.fail_open_on_error",),
    is_proxied=True,
)
_ORDERS = 4
_CUT_S = 1.2
"""Longer than the time limit of the reference's client."""


def play(stage: Stage) -> None:
    """Cut the way three times, each time under load, and mend it again."""
    for fault in (partition_workers.FAULT, reset.FAULT, half_open.FAULT):
        keys = stage.orders(_ORDERS)
        with stage.strike(fault, at="under load") as blow:
            asked = [stage.give(worker, key) for key in keys for worker in stage.random.sample(STORY.worker_names, 2)]
            stage.let_pass(_CUT_S)
            blow.saw(f"{len(asked)} orders were given meanwhile, {_answered(stage, asked)} answered")
        stage.until_idle()
    stage.heal()
    stage.redeliver()


def _answered(stage: Stage, asked: list[int]) -> int:
    return sum(op in stage.answers for op in asked)
