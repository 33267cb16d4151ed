"""Two workers stop, their leases run out, others get their orders, and the two come back as if nothing had been.

One stops between its claim and its effect: the reply to its first command is under way when it gets SIGSTOP. The
other one stops between its effect and its mark: the order is in the book and the venue's reply is under way. Past the
lease, in real time, two others get the two orders. Then the sleepers get SIGCONT and go on with what they believe. A
correct guard lets the first one find that its claim is another's by now, and never runs the second order again. A
guard that does not look again before the effect places the first order twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import worker_pause
from scenarios.commands import followed
from scenarios.places import at_venue
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="pause_past_lease",
    category=Category.EXPIRY,
    what="Two workers are stopped past their lease, before and after the effect, and come back as zombies.",
    kinds=("worker_pause",),
    catches=("broken.start_without_token", "broken.lease_as_ttl"),
    lease_s=1.0,
    is_proxied=True,
    moves_clock=False,
)
_REPLY_ON_ITS_WAY_MS = 600
"""How long the reply to the claim travels: time to stop the one who waits for it."""


def play(stage: Stage) -> None:
    """Stop one worker after its claim and another one after its effect; let both come back past the lease."""
    [early] = stage.orders(1)
    with followed(stage, "downstream", "delay", delay=_REPLY_ON_ITS_WAY_MS) as commands:
        steps = commands.learn(stage, "w0")
        if not steps.before:
            stage.refuse("the guard asks Redis nothing before its effect: there is no claim after which to stop it")
        commands.arm(1)
        op = stage.give("w0", early)
        stage.until(lambda: commands.read()[1] > 0 or op in stage.answers)
        stage.site.worker = "w0"
        with stage.strike(worker_pause.FAULT, at="between claim and effect") as first:
            matched, struck = commands.read()
            if struck and matched == 1 and not stage.venue.control.ask(key=early):
                first.saw(f"{early}: the reply to its first command was under way, the book does not have it")
            _stop_the_other(stage, early)
    stage.until_idle()
    stage.heal()
    stage.redeliver()


def _stop_the_other(stage: Stage, early: str) -> None:
    """Stop the second worker, let the lease run out, and give both orders to others."""
    with at_venue(stage, "w1") as held:
        key = held.wait()
        stage.site.worker = "w1"
        with stage.strike(worker_pause.FAULT, at="between effect and mark") as second:
            second.saw(held.seen())
            stage.venue.control.release()
            stage.wait(STORY.lease_s + 0.1)
            stage.phase("redeliver_early")
            ops = [stage.give("w2", early), *([stage.give("w3", key)] if key else [])]
            stage.until(lambda: all(op in stage.answers for op in ops))
            stage.phase("zombie")
