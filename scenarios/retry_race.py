"""Four workers get the same order at once, and the reply to whoever asks Redis first is lost.

Round after round, one order goes to all four. The first command about it is applied, and its connection is cut where
the reply was due, so that the one who holds the claim does not know it, while three others ask for it. Then everything
is delivered again. A correct guard has every order in the book exactly once. A broken one whose client repeats the
command on its own finds its own claim, takes it for another's and says that somebody else is at work: nobody is, or
an order is answered with a refusal and placed all the same.
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
    what="Four workers get the same order at once, and the first one of them loses Redis' reply.",
    kinds=("command_reply_lost",),
    catches=("broken.blind_client_retry", "broken.token_shared"),
    is_proxied=True,
)
_ROUNDS = 8


def play(stage: Stage) -> None:
    """Race for one order after the other."""
    # A proxy can follow a connection from its first whole question and answer on.
    names = STORY.worker_names
    for worker, key in zip(names, stage.orders(len(names), word="warm"), strict=True):
        stage.give(worker, key)
    stage.until_idle()
    for key in stage.orders(_ROUNDS):
        with stage.strike(command_reply_lost.FAULT, at="first command of an order"):
            for worker in stage.random.sample(names, len(names)):
                stage.give(worker, key)
            stage.until_idle()
    stage.heal()
    stage.redeliver()
