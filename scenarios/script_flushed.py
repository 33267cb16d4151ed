"""The server forgets its scripts in the middle: SCRIPT FLUSH first, and then a restart that keeps every key.

Four worker processes place guarded orders, every one delivered to all of them at once. A correct guard sends its
scripts again, and the claim is still one step. A guard that goes on by hand where NOSCRIPT is answered, one command
after the other, lets two workers see nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.nemesis import noscript, script_flush
from scenarios.midway import hold_midway, see_under_way
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from harness.nemesis.fault import RealFault
    from scenarios.stage import Stage

STORY = Story(
    name="script_flushed",
    category=Category.CONCURRENCY,
    what="The server forgets its scripts under load: by SCRIPT FLUSH, and by a restart that keeps the data.",
    kinds=("script_flush", "noscript"),
    catches=("broken.noscript_done_by_hand",),
)
_ORDERS = 12
"""In each of the two halves."""


def play(stage: Stage) -> None:
    """Flush the scripts under load; then restart the server under load."""
    _forget(stage, script_flush.FAULT)
    _forget(stage, noscript.FAULT)
    stage.heal()
    stage.redeliver()


def _forget(stage: Stage, fault: RealFault[Any]) -> None:
    """Let the server forget its scripts while one worker waits for the venue, and wait for all answers."""
    keys = stage.orders(_ORDERS)
    hold_midway(stage, ((worker, key) for key in keys for worker in STORY.worker_names))
    with stage.strike(fault, at="under load") as blow:
        stage.venue.control.release()
        stage.until_idle()
        see_under_way(stage, blow)
