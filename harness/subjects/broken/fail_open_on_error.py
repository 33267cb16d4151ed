"""Planted: where Redis cannot be asked, the effect runs all the same."""

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
    bug="an error of the claim counts as leave to go on: who cannot reach Redis runs the effect beside the others",
    cure="lets the error through: without a claim there is no effect",
    origin="a try/except around the duplicate check, as in many message handlers",
    checker="at_most_once",
    faults=("error_reply:LOADING",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, closed: bool) -> Guard:
    client = connect(redis_url)

    def claim(name: str) -> bool:
        try:
            return bool(client.set(name, "claimed", nx=True))
        except RedisError:
            if closed:
                raise
            return True

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}"
        if not claim(name):
            return replay(key, client.get(name))
        receipt = effect(payload)
        client.set(name, json.dumps(receipt))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, closed=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, closed=True)
