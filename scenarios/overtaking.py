"""A holder whose next command is slow, and others who come for the same order when its lease is over.

It works where what a worker sends takes longer than the lease: once the first claim is seen on the server, its lease
ends before the holder's next command can arrive there, and the claims of the others arrive in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.stage import Stage

_FIRST_S, _APART_S = 0.05, 0.1
"""Seconds from the first claim to the next delivery, and from there to each further one."""


def overtake(stage: Stage, keys: list[str], workers: tuple[str, ...]) -> None:
    """Deliver each order to one worker, then to each of the others, a little later each time; wait for all answers.

    A subject that refuses before it leaves anything on the server is not overtaken.
    """
    for at, key in enumerate(keys):
        _overtake(stage, key, workers[at % len(workers) :] + workers[: at % len(workers)])


def _overtake(stage: Stage, key: str, workers: tuple[str, ...]) -> None:
    """Deliver one order to the first of *workers*, and to the others behind its claim."""
    first, *others = workers
    held = _key_count(stage)
    op = stage.give(first, key)
    stage.until(lambda: _key_count(stage) > held or op in stage.answers)
    stage.wait(_FIRST_S)
    for other in others:
        stage.give(other, key)
        stage.wait(_APART_S)
    stage.until_idle()


def _key_count(stage: Stage) -> int:
    """Return how many keys the server holds; it is asked past the proxy."""
    client = stage.server.client()
    try:
        return int(client.dbsize())
    finally:
        client.close()
