"""Good histories of any size, and the events they are made of. Never draws at random: same arguments, same events."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from verify.history.events import Complete, EffectCall, EffectReply, Event, Fault, Invoke, Landed, Phase
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATIONS_OF_ONE_KEY = 3


def receipt(key: str, n: int = 1) -> str:
    """Return the receipt that the venue gives for effect *n* of *key*."""
    return f'{{"key":"{key}","n":{n}}}'


def executed(process: str, op: int, key: str = "k", payload: str = "p1", n: int = 1) -> list[Event]:
    """Return an operation that lands effect *n* of *key* and is answered OK."""
    given = receipt(key, n)
    return [
        Invoke(process=process, op=op, key=key, payload=payload),
        EffectCall(process=process, op=op, call=1, key=key, payload=payload),
        Landed(key=key, n=n, payload=payload, effect_type="order", process=process, receipt=given),
        EffectReply(process=process, op=op, call=1, answer="receipt", receipt=given),
        Complete(process=process, op=op, outcome=Outcome.OK, result=given),
    ]


def answered(
    process: str, op: int, outcome: Outcome, word: str = "", *, key: str = "k", payload: str = "p1"
) -> list[Event]:
    """Return an operation that asks nothing of the venue."""
    result = receipt(key) if outcome is Outcome.OK else None
    return [
        Invoke(process=process, op=op, key=key, payload=payload),
        Complete(process=process, op=op, outcome=outcome, word=word, result=result),
    ]


def raced(key: str = "k", first_op: int = 1) -> list[Event]:
    """Return two workers at one key: one executes while the other is told that it is in progress."""
    winner = executed("w1", first_op, key)
    loser = answered("w2", first_op + 1, Outcome.FAIL, "in_progress", key=key)
    return [winner[0], loser[0], winner[1], winner[2], loser[1], *winner[3:]]


def bitten(kind: str, witness: str = "seen by the gate") -> Fault:
    """Return an injected fault."""
    return Fault(kind=kind, process="w1", at="1 SET", witness=witness)


def good_history(operations: int, *, keys_per_batch: int = 4) -> list[Event]:
    """Return a good history without faults in which keys are raced for and then redelivered.

    Args:
        operations: How many operations it holds at least; the last key is finished.
        keys_per_batch: How many keys are called before the first of them is redelivered, 1 or more.
    """
    events: list[Event] = [Phase(name="workload")]
    numbers = count(1, OPERATIONS_OF_ONE_KEY)
    remaining = -(-operations // OPERATIONS_OF_ONE_KEY)
    while remaining > 0:
        batch = [next(numbers) for _ in range(min(keys_per_batch, remaining))]
        remaining -= len(batch)
        events += [event for first_op in batch for event in raced(f"k{first_op}", first_op)]
        events += _redelivered(batch)
    return [*events, Phase(name="settle")]


def _redelivered(batch: list[int]) -> Iterator[Event]:
    yield Phase(name="redeliver")
    for first_op in batch:
        op, key = first_op + 2, f"k{first_op}"
        yield Invoke(process="r1", op=op, key=key, payload="p1", delivery=1)
        yield Complete(process="r1", op=op, outcome=Outcome.OK, result=receipt(key))
