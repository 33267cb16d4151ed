"""Eight workers get the same order at the same moment, again and again, and nothing goes wrong.

In half of the rounds the venue answers at once, so that the race is decided within Redis. In the other half it keeps
its reply back until every other worker has been turned away or has landed too, so that no machine is too quick to
race. A correct guard has every order in the book exactly once, and every caller is told the truth. A broken one whose
claim is no claim, or whose token is everybody's, places the order eight times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="concurrent_same_key",
    category=Category.CONCURRENCY,
    what="Eight workers get the same order at once, and nothing goes wrong.",
    kinds=(),
    catches=("broken.claim_without_nx", "broken.token_shared"),
    workers=8,
)
_ROUNDS = 10
_PATIENCE_S = 1.0
"""How long the others are waited for; a guard may wait for the key itself."""


def play(stage: Stage) -> None:
    """Let all race for one order after the other."""
    for number, key in enumerate(stage.orders(_ROUNDS)):
        if number % 2:
            stage.venue.control.hold()
        ops = {stage.give(name, key) for name in stage.random.sample(STORY.worker_names, STORY.workers)}
        if number % 2:
            _until_settled(stage, key, ops)
            stage.venue.control.release()
        stage.until_idle()
    stage.heal()
    stage.redeliver()


def _until_settled(stage: Stage, key: str, ops: set[int]) -> None:
    """Wait until each of these calls is answered or waits for the venue."""

    def is_settled() -> bool:
        landed = {int(line.process.partition(".")[2]) for line in stage.venue.control.ask(key=key)}
        return ops <= landed | stage.answers.keys()

    stage.wait(_PATIENCE_S, unless=is_settled)
