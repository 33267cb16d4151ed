"""An operator deletes the record of an order to make it run again, and later empties the whole server by mistake.

The order has landed, so both times the truth is at the venue alone. That nobody deletes records is an assumption of
most promises (AS3 of the reference): what follows is shown and decides nothing for a guard that says so. A guard that
does not say so is caught, for the order lands twice. Afterwards the store is prepared again, as an operator would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis import flushall, key_deleted
from scenarios.keyspace import names_from
from scenarios.story import Category, Story

if TYPE_CHECKING:
    from scenarios.stage import Stage

STORY = Story(
    name="operator_deletes",
    category=Category.EXPIRY,
    what="An operator deletes the record of an order that has landed, and then all records by FLUSHALL.",
    kinds=("key_deleted", "flushall"),
    catches=("broken.limits_unsaid",),
)
_ORDERS = 8


def play(stage: Stage) -> None:
    """Delete one order's keys and deliver it again; empty the server and deliver all again."""
    first, second, *_ = STORY.worker_names
    keys = stage.orders(_ORDERS)
    held = names_from(stage, lambda: _place(stage, first, keys[:1]))
    for name in held:
        stage.site.key = name
        with stage.strike(key_deleted.FAULT):
            pass
    _place(stage, second, keys[:1])
    _place(stage, first, keys[1:])
    with stage.strike(flushall.FAULT):
        refused = _place(stage, second, keys)
        stage.notes.append(f"on the emptied store {refused} of {len(keys)} deliveries were refused")
    stage.prepare_again()
    stage.heal()
    stage.redeliver()


def _place(stage: Stage, worker: str, keys: list[str]) -> int:
    """Deliver orders to one worker, wait for its answers and return how many of them were no result."""
    ops = [stage.give(worker, key) for key in keys]
    stage.until_idle()
    return sum(stage.answers[op].result is None for op in ops)
