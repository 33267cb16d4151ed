"""Twenty worker processes, and a third of them is killed between an effect and its mark while the others go on.

Forty orders go to twenty workers, every one to two of them, at once. The venue does the orders and keeps its replies
back; of those that wait for it, six get SIGKILL. The others are answered and go on, with the dead ones' orders among
their own. Then everything is delivered again. A correct guard has every order in the book exactly once, or says that
it is in doubt; a guard whose claims end with the lease places the dead ones' orders twice.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.nemesis import worker_kill
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage
    from verify.history.events import Landed

STORY = Story(
    name="worker_storm",
    category=Category.STORM,
    what="Twenty workers under load; six are killed between an effect and its mark.",
    kinds=("worker_kill",),
    catches=("broken.lease_as_ttl",),
    workers=20,
)
_ORDERS = 40
_DEAD = 6


def play(stage: Stage) -> None:
    """Kill six workers that wait for the venue, each as soon as its order is in the book."""
    control = stage.venue.control
    position = control.hold()
    for key in stage.orders(_ORDERS):
        for worker in stage.random.sample(STORY.worker_names, 2):
            stage.give(worker, key)
    for _ in range(_DEAD):
        line, position = _next_waiting(stage, position)
        stage.site.worker = line.process.partition(".")[0]
        with stage.strike(worker_kill.FAULT, at="between effect and mark") as blow:
            others = len(stage.running_at(blow.at_ns))
            if others:
                blow.saw(f"{line.key} was in the book and not yet marked, {others} other calls were under way")
    control.release()
    stage.until_idle()
    stage.heal()
    stage.redeliver()


def _next_waiting(stage: Stage, position: int) -> tuple[Landed, int]:
    """Return the next line of the book whose worker still waits for the venue's reply, and where to look on."""
    control = stage.venue.control
    while True:
        stage.until(partial(control.take, position))
        line = control.take(position)[0]
        position += 1
        if int(line.process.partition(".")[2]) not in stage.answers:
            return line, position
