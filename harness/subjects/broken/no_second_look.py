"""Planted: it looks for the result, then takes the lock, and does not look again. A result in between is missed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import LIMITS, InProgressError, classify, connect, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="looks for the result only before it takes the lock: another process may have finished in between",
    cure="looks again once it has the lock",
    origin="generic: double-checked locking without the second check",
    checker="at_most_once",
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, looks_again: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        lock, done = f"lock:{key}", f"once:{key}"
        held = client.get(done)
        if held is not None:
            return replay(key, held)
        if not client.set(lock, "held", nx=True):
            raise InProgressError(key)
        if looks_again:
            held = client.get(done)
        if held is not None:
            client.delete(lock)
            return replay(key, held)
        receipt = effect(payload)
        client.set(done, json.dumps(receipt))
        client.delete(lock)
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, looks_again=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, looks_again=True)
