"""Twenty worker processes, and a third of them is killed between an effect and its mark while the others go on.

Forty orders go to twenty workers, every one to two of them, at once. The venue does the orders and keeps its replies
back; of those that wait for it, six get SIGKILL. The others are answered and go on, with the dead ones' orders among
their own. Then everything is delivered again. A correct guard has every order in the book exactly once, or says that
it is in doubt; a guard whose claims end with the lease places the dead ones' orders twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import worker_kill
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

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
    """Kill six workers that wait for the venue."""
    control = stage.venue.control
    before = len(control.take())
    control.hold()
    for key in stage.orders(_ORDERS):
        for worker in stage.random.sample(STORY.worker_names, 2):
            stage.give(worker, key)
    # A reply that is kept back is a worker that waits: each of these lines is another worker's.
    stage.until(lambda: len(control.take()) >= before + _DEAD)
    for line in control.take()[before:][:_DEAD]:
        stage.site.worker, _, op = line.process.partition(".")
        with stage.strike(worker_kill.FAULT, at="between effect and mark") as blow:
            others = sum(call.op != int(op) for call in stage.running_at(blow.at_ns).values())
            if int(op) not in stage.answers and others:
                blow.saw(f"{line.key} was in the book and not yet marked, {others} other calls were under way")
    control.release()
    stage.until_idle()
    stage.heal()
    stage.redeliver()
