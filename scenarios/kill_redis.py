"""The server is killed under load, while one worker is between START and DONE.

Four worker processes place guarded orders, every one delivered to two of them. The venue does one order and keeps its
reply back; in that moment the Redis server gets SIGKILL. It comes back with its append-only file. Then a job queue
delivers everything again. A correct guard has every order in the book exactly once, or says that it is in doubt; a
guard whose claim or mark was lost places one twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import server_kill
from scenarios.midway import hold_midway, see_midway
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="kill_redis",
    category=Category.CRASH,
    what="The server is killed under load, while a worker is between an effect and its mark.",
    kinds=("server_kill",),
    catches=("broken.lease_as_ttl",),
)
_ORDERS = 24
_BEFORE_KILL = 6
"""Orders that land before one is held back: the workers are warm and the server has something to lose."""


def play(stage: Stage) -> None:
    """Kill the server while two replies of the venue are held back."""
    names = STORY.worker_names
    deliveries = [(worker, key) for key in stage.orders(_ORDERS) for worker in stage.random.sample(names, 2)]
    # Two held replies are two workers that cannot go on: one is struck, the other one is the load.
    hold_midway(stage, deliveries, workers=2, after=_BEFORE_KILL)
    with stage.strike(server_kill.FAULT, at="between effect and mark") as blow:
        stage.venue.control.release()
        stage.until_idle()
        see_midway(stage, blow)
    stage.heal()
    stage.redeliver()
