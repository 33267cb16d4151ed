"""P9, the last crash point: the store has lost everything that it was told, while an effect is done and not marked.

One order is in the venue's book and its reply is kept back. The server is killed and comes back with what it had
before the story began, as from an old backup: the identity that an operator recorded is there, no claim is. Two
others get the order at once, then everything is delivered again. A correct guard sees that the store is another one,
refuses what it does not know, asks the venue and goes on. A broken one takes the absent claim for an order that was
never begun, and places it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import aof_tail_cut
from harness.nemesis.appended import writes_of
from scenarios.places import at_venue
from scenarios.story import Category, Story
from scenarios.succession import succeed

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="crash_at_p9",
    category=Category.CRASH,
    what="The store loses everything at P9: an effect is done, and neither its claim nor its mark is there.",
    kinds=("aof_tail_cut",),
    catches=("broken.limits_unsaid",),
    workers=3,
)


def play(stage: Stage) -> None:
    """Lose all records between an effect and its mark, and let others come before the first one can mark it."""
    stage.site.require(aof_tail_cut.FAULT.name, aof_tail_cut.FAULT.needs)
    had = _writes(stage)
    with at_venue(stage, "w0") as held:
        key, place = held.wait(), held.seen()
        lost = _writes(stage) - had
        if key and lost:
            with stage.strike(aof_tail_cut.FAULT, at="between effect and mark", writes=lost) as blow:
                blow.saw(place)
            stage.phase("redeliver_early")
            succeed(stage, key)
        else:
            stage.refuse("the guard has written nothing to Redis by the time of its effect: there is nothing to lose")
    stage.until_idle()
    stage.heal()
    stage.redeliver()


def _writes(stage: Stage) -> int:
    return len(writes_of(stage.site.own_server.append_only_file()))
