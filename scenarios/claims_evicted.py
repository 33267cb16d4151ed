"""Memory runs short, somebody lets the server evict any key, and the claim of an order under way is evicted.

The order is in the book and its worker waits for the venue's reply when the claim goes; then another worker is given
the same order. That nothing is evicted is an assumption of most promises (AS3 of the reference). So of the reference
its validator is judged as well: where that does not flag the configuration while it is in force, what is lost counts
as broken. A guard that does not say what it relies on places the order twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import eviction
from scenarios.keyspace import names_from
from scenarios.midway import hold_midway, see_midway
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

_POLICY = "allkeys-lru"
STORY = Story(
    name="claims_evicted",
    category=Category.EXPIRY,
    what="A server that may evict any key evicts the claim of an order under way.",
    kinds=("eviction",),
    catches=("broken.limits_unsaid",),
    flagged_as="eviction",
)


def play(stage: Stage) -> None:
    """Evict what is held for an order that has landed, deliver it to another worker, then let the first go on."""
    first, second, *_ = STORY.worker_names
    (key,) = stage.orders(1)

    def start() -> None:
        hold_midway(stage, [(first, key)])

    stage.site.key = names_from(stage, start)[0]
    with stage.strike(eviction.FAULT, at="between effect and mark", policy=_POLICY) as blow:
        stage.ask_validator()
        op = stage.give(second, key)
        control = stage.venue.control
        stage.until(lambda: op in stage.answers or len(control.ask(key=key)) > 1)
        control.release()
        stage.until_idle()
        see_midway(stage, blow)
    stage.prepare_again()
    stage.heal()
    stage.redeliver()
