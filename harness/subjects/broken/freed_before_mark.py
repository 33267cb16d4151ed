"""Planted: the lock is freed first and the result stored afterwards. Who comes in between finds neither."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import LIMITS, classify, connect, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="frees the lock before it stores the result: the next process gets the lock, finds no result and runs again",
    cure="stores the result, then frees the lock",
    origin="generic: the result is stored after the `with lock` block instead of in it",
    checker="at_most_once",
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, afterwards: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        lock, done = f"lock:{key}", f"once:{key}"
        if not client.set(lock, "held", nx=True):
            return replay(key, client.get(done))
        held = client.get(done)
        if held is not None:
            client.delete(lock)
            return replay(key, held)
        receipt = effect(payload)
        if not afterwards:
            client.delete(lock)
        client.set(done, json.dumps(receipt))
        if afterwards:
            client.delete(lock)
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, afterwards=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, afterwards=True)
