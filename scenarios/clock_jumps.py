"""The server's clock jumps an hour ahead while workers are between an effect and its mark: every lease is over.

In that hour the same orders are delivered to fresh workers, and only then the first ones go on. A correct guard says
to the fresh ones that it is in doubt. A guard whose claim ends with the lease lets them place the orders again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import clock_jump
from scenarios.midway import hold_midway, see_midway
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="clock_jumps",
    category=Category.EXPIRY,
    what="The server's clock jumps an hour ahead while workers are between an effect and its mark.",
    kinds=("clock_jump",),
    catches=("broken.lease_as_ttl", "broken.takeover_of_started"),
)
_JUMP_S = 3600.0


def play(stage: Stage) -> None:
    """Let every worker have an effect, end its lease, deliver the orders to others, then let all go on."""
    names = STORY.worker_names
    keys = stage.orders(len(names))
    hold_midway(stage, zip(names, keys, strict=True), workers=len(names))
    with stage.strike(clock_jump.FAULT, at="between effect and mark", seconds=_JUMP_S) as blow:
        fresh = stage.hire(len(names))
        control = stage.venue.control
        ops = {stage.give(worker, key): key for worker, key in zip(fresh, keys, strict=True)}
        stage.until(lambda: all(op in stage.answers or len(control.ask(key=key)) > 1 for op, key in ops.items()))
        control.release()
        stage.until_idle()
        see_midway(stage, blow)
    stage.heal()
    stage.redeliver()
