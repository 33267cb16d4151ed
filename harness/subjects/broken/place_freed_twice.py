"""Planted: claims are counted, and the client repeats commands on its own. One DECR frees two places."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from harness.subjects.broken.footing import LIMITS, classify, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="the client silently repeats the DECR whose reply was lost: who came too late gives back another's place too",
    cure="a client that never repeats: a place that may have been given back stays taken",
    origin="danielfm/pybreaker 1.4.1: a failure counts twice when the reply to its INCRBY is lost (measured)",
    checker="at_most_once",
    faults=("reply_lost",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, careful: bool) -> Guard:
    client = redis.Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0 if careful else 3))

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        places, done = f"places:{key}", f"places:{key}:done"
        if client.incr(places) > 1:
            client.decr(places)
            return replay(key, client.get(done))
        receipt = effect(payload)
        client.set(done, json.dumps(receipt))
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
