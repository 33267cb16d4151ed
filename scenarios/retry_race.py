"""Four workers get the same order at once, replies of Redis are lost, and everybody tries again.

Round after round, one order goes to all four. In half of the rounds the first command about it is applied, and its
connection is cut where the reply was due, so that who holds the claim does not know it while three others ask for it.
In the other half the effect is done, and the reply to the mark is lost in the same way. Then everything is delivered
again. A correct guard has every order in the book exactly once, and what it answers is so. A broken one whose client
repeats commands on its own meets its own mark, takes it for another's, and says that it did nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import command_reply_lost
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="retry_race",
    category=Category.RACE,
    what="Four workers get the same order at once; Redis' reply to the claim, or to the mark, is lost.",
    kinds=("command_reply_lost",),
    catches=("broken.blind_client_retry", "broken.token_shared"),
    is_proxied=True,
)
_ROUNDS = 8
_PATIENCE_S = 1.0
"""How long the others are waited for while one is at the venue; a guard may wait for the key itself."""


def play(stage: Stage) -> None:
    """Race for one order after the other."""
    # A proxy can follow a connection from its first whole question and answer on.
    names = STORY.worker_names
    for worker, key in zip(names, stage.orders(len(names), word="warm"), strict=True):
        stage.give(worker, key)
    stage.until_idle()
    for number, key in enumerate(stage.orders(_ROUNDS)):
        lose = _lose_reply_to_mark if number % 2 else _lose_reply_to_claim
        lose(stage, key)
    stage.heal()
    stage.redeliver()


def _race(stage: Stage, key: str) -> list[int]:
    names = STORY.worker_names
    return [stage.give(worker, key) for worker in stage.random.sample(names, len(names))]


def _lose_reply_to_claim(stage: Stage, key: str) -> None:
    with stage.strike(command_reply_lost.FAULT):
        _race(stage, key)
        stage.until_idle()


def _lose_reply_to_mark(stage: Stage, key: str) -> None:
    control = stage.venue.control
    control.hold()
    ops = _race(stage, key)
    stage.until(lambda: bool(control.ask(key=key)) or all(op in stage.answers for op in ops))
    stage.wait(_PATIENCE_S, unless=lambda: sum(op in stage.answers for op in ops) >= len(ops) - 1)
    with stage.strike(command_reply_lost.FAULT, at="after the effect") as blow:
        if any(op not in stage.answers for op in ops) and control.ask(key=key):
            blow.saw(f"{key} was in the book and not yet answered")
        control.release()
        stage.until_idle()
