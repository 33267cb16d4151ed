"""Replies of the server are lost: the command was applied, the connection ends, and the client hears nothing.

Four worker processes place guarded orders. First the connection is cut in the place of the replies to their marks;
then each order is delivered to two of them, and it is cut every few commands: at claims, at marks, at the greeting of
a new connection. A correct guard asks again under its own token, or says that it is in doubt. A client that silently
repeats its command meets its own mark, and tells the caller that nothing was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import replies_lost
from scenarios.midway import hold_midway, see_under_way
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="replies_lost",
    category=Category.NETWORK,
    what="Replies to marks, and then every few commands, are lost with their connection, under load.",
    kinds=("replies_lost",),
    catches=("broken.blind_client_retry",),
    is_proxied=True,
)
_ORDERS = 24
_RHYTHMS, _TIMES = (7, 5), 20
"""Every 7th reply is lost, then every 5th, 20 each."""


def play(stage: Stage) -> None:
    """Lose the replies to marks, and then replies to whatever is asked until all orders are answered."""
    names = STORY.worker_names
    hold_midway(stage, zip(names, stage.orders(len(names)), strict=True), workers=len(names))
    # What each worker sends next is its mark: no rhythm is sure to meet one.
    _lose(stage, every=1, times=len(names))
    for every in _RHYTHMS:
        pairs = [(worker, key) for key in stage.orders(_ORDERS) for worker in stage.random.sample(names, 2)]
        hold_midway(stage, pairs)
        _lose(stage, every=every, times=_TIMES)
    stage.heal()
    stage.redeliver()


def _lose(stage: Stage, *, every: int, times: int) -> None:
    with stage.strike(replies_lost.FAULT, at="under load", every=every, times=times) as blow:
        stage.venue.control.release()
        stage.until_idle()
        see_under_way(stage, blow)
