"""Memory is full when four effects have just been done: every write that may need more is refused, the marks first.

A correct guard completes where the server lets it, or says that it is in doubt, and the next delivery finds the
truth. A guard that takes the refused mark for a matter of the cache, and frees its lock, places the order again.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from harness.nemesis import oom
from scenarios.midway import hold_midway, see_midway
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="redis_out_of_memory",
    category=Category.CRASH,
    what="The server runs out of memory while workers are between an effect and its mark.",
    kinds=("oom",),
    catches=("broken.mark_error_swallowed",),
)
_ORDERS = 12


def play(stage: Stage) -> None:
    """Let every worker have an effect, take the memory away, and let them mark."""
    names = STORY.worker_names
    hold_midway(stage, zip(cycle(names), stage.orders(_ORDERS), strict=False), workers=len(names))
    with stage.strike(oom.FAULT, at="between effect and mark") as blow:
        stage.venue.control.release()
        stage.until_idle()
        see_midway(stage, blow)
    stage.heal()
    stage.redeliver()
