"""Requests reach Redis in pieces of a few bytes; after that, replies come through a narrow way.

What a worker sends takes half a second and more to be whole at the server, and half a command is none. Others ask for
the same order meanwhile. A correct guard sees that its lease is over before it does anything. A guard whose claim
ends with the lease lets the others in. On the narrow way everything is placed, only later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import bandwidth, slicing
from scenarios.overtaking import overtake
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="sliced_and_slow",
    category=Category.NETWORK,
    what="Requests arrive in pieces of a few bytes, then replies come through a narrow way.",
    kinds=("slicing", "bandwidth"),
    catches=("broken.lease_as_ttl",),
    lease_s=0.5,
    is_proxied=True,
)
_BYTES_EACH, _APART_US = 4, 20_000
"""A claim of a planted guard is about 90 bytes long, its mark twice that."""
_KILOBYTES_PER_S = 10
_ORDERS = 1


def play(stage: Stage) -> None:
    """Open every connection, narrow the way, and let workers overtake each other."""
    names = STORY.worker_names
    for worker, key in zip(names, stage.orders(len(names)), strict=True):
        stage.give(worker, key)
    stage.until_idle()
    keys = stage.orders(_ORDERS)
    with stage.strike(slicing.FAULT, bytes_each=_BYTES_EACH, microseconds=_APART_US, stream="upstream"):
        overtake(stage, keys, names)
    with stage.strike(bandwidth.FAULT, kilobytes_per_s=_KILOBYTES_PER_S, stream="downstream"):
        for worker, key in zip(names, stage.orders(len(names)), strict=True):
            stage.give(worker, key)
        stage.until_idle()
    stage.heal()
    stage.redeliver()
