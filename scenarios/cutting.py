"""Orders that are given while the way to Redis is cut, two workers for every order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.nemesis.fault import RealFault
    from scenarios.stage import Stage

_ORDERS = 4
_CUT_S = 1.2
"""Longer than the time limit of the reference's client."""


def cut_under_load(stage: Stage, fault: RealFault[Any]) -> None:
    """Cut the way by *fault*, give orders, mend it, and wait until every worker has answered."""
    keys = stage.orders(_ORDERS)
    with stage.strike(fault, at="under load") as blow:
        asked = [
            stage.give(worker, key) for key in keys for worker in stage.random.sample(stage.story.worker_names, 2)
        ]
        stage.wait(_CUT_S)
        answered = sum(op in stage.answers for op in asked)
        blow.saw(f"{len(asked)} deliveries were made meanwhile, {answered} answered")
    stage.until_idle()
