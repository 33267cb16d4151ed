"""Planted: the client repeats commands on its own. SET NX meets itself: the winner believes that it lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from harness.subjects.broken.footing import LIMITS, RefusedError, classify, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="the client silently repeats the SET NX whose reply was lost, finds its own mark and takes it for another's",
    cure="a client that never repeats: a lost reply is an error that claims nothing",
    origin="redis/redis-py #261, #977, #3554; redis-py 8.1 repeats 10 times when made with Redis(...)",
    checker="truthful_outcome",
    faults=("reply_lost",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, careful: bool) -> Guard:
    client = redis.Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0 if careful else 3))

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name, done = f"once:{key}", f"once:{key}:done"
        if not client.set(name, "claimed", nx=True):
            return replay(key, client.get(done))
        receipt = effect(payload)
        if not client.set(done, json.dumps(receipt), nx=True):
            raise RefusedError(f"another process finished {key} first; this call does not count")
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, careful=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, careful=True)
