"""Planted: an error of the done mark is swallowed, and the lock is freed as if the mark stood."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from harness.subjects.broken.footing import LIMITS, classify, connect, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="ignores that the result could not be stored and frees the lock: the next process runs the effect again",
    cure="lets the error through: a key without its done mark stays locked",
    origin="generic: the effect is done, so the error of the cache is only logged",
    checker="at_most_once",
    faults=("error_reply:LOADING",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, heeded: bool) -> Guard:
    client = connect(redis_url)

    def mark(done: str, receipt: Mapping[str, Any]) -> None:
        try:
            client.set(done, json.dumps(receipt))
        except RedisError:
            if heeded:
                raise

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        lock, done = f"lock:{key}", f"once:{key}"
        if not client.set(lock, "held", nx=True):
            return replay(key, client.get(done))
        held = client.get(done)
        if held is not None:
            client.delete(lock)
            return replay(key, held)
        receipt = effect(payload)
        mark(done, receipt)
        client.delete(lock)
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, heeded=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, heeded=True)
