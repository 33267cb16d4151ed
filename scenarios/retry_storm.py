"""The venue fails for a while, and a job queue delivers every order again and again, to two workers at a time.

Most failures are ambiguous: replies are lost, errors say that nobody knows, and behind some of them the effect has
happened. Hundreds of deliveries meet the same few orders; then the venue is well again. A correct guard sends nothing
a second time of which it does not know that it did not happen. A guard that frees the claim on every error, repeats
the call, or marks what it did not see done, places orders twice or loses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import venue_failing
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="retry_storm",
    category=Category.STORM,
    what="The venue fails ambiguously while a job queue delivers every order again and again.",
    kinds=("venue_failing",),
    catches=("broken.delete_on_any_exception", "broken.effect_retried_blindly", "broken.done_mark_in_finally"),
)
_ORDERS = 30
_ROUNDS = 5
_COPIES = 2
_FAILING = 60
"""Requests that the venue fails: more than there are orders, so that who tries again meets failures again."""


def play(stage: Stage) -> None:
    """Deliver everything in rounds while the venue fails, and once more when it is well."""
    keys = stage.orders(_ORDERS)
    with stage.strike(venue_failing.FAULT, at="under a storm of deliveries", requests=_FAILING) as blow:
        for _ in range(_ROUNDS):
            _deliver(stage, keys)
        given = _ROUNDS * _COPIES * len(keys)
        blow.saw(f"{given} deliveries of {len(keys)} orders were answered meanwhile")
    _deliver(stage, keys)
    stage.heal()
    stage.redeliver()


def _deliver(stage: Stage, keys: list[str]) -> None:
    """Deliver every order to two workers, in an order of its own, and wait for all answers."""
    for key in stage.random.sample(keys, len(keys)):
        for worker in stage.random.sample(STORY.worker_names, _COPIES):
            stage.give(worker, key)
    stage.until_idle()
