"""Replies of the server are lost: the command was applied, the connection ends, and the client hears nothing.

Four worker processes place guarded orders, each delivered to two of them, and every few commands the connection is
cut in the place of a reply: at claims, at marks, at the greeting of a new connection. A correct guard asks again
under its own token, or says that it is in doubt. A client that silently repeats its command meets its own mark, and
tells the caller that nothing was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import replies_lost
from scenarios.midway import see_under_way
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="replies_lost",
    category=Category.NETWORK,
    what="Every few commands the reply is lost with its connection, under load.",
    kinds=("replies_lost",),
    catches=("broken.blind_client_retry",),
    is_proxied=True,
)
_ORDERS = 24
_RHYTHMS, _TIMES = (7, 5), 20
"""Every 7th reply is lost, then every 5th, 20 each: what one rhythm passes by, claims or marks, the other meets."""


def play(stage: Stage) -> None:
    """Give the orders, and lose replies until all are answered."""
    for every in _RHYTHMS:
        _begin(stage)
        with stage.strike(replies_lost.FAULT, at="under load", every=every, times=_TIMES) as blow:
            stage.until_idle()
            see_under_way(stage, blow)
    stage.heal()
    stage.redeliver()


def _begin(stage: Stage) -> None:
    """Give orders, and return when the first of them is answered."""
    for key in stage.orders(_ORDERS):
        for worker in stage.random.sample(STORY.worker_names, 2):
            stage.give(worker, key)
    answered = len(stage.answers)
    stage.until(lambda: len(stage.answers) > answered)
