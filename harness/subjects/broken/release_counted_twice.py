"""Planted: a lock that counts, and a client that repeats commands on its own. One DECR without a reply counts twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from harness.subjects.broken.footing import InProgressError, classify
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="the client silently repeats the DECR whose reply was lost, and the lock has room for one process too many",
    cure="a client that never repeats: a place that may have been given back stays taken",
    origin="danielfm/pybreaker 1.4.1: a lost reply to INCRBY counts a failure twice (measured)",
    checker="mutual_exclusion",
    faults=("reply_lost",),
)

_as_declared = declare(promise="mutual_exclusion", classify=classify, reusable=True)


ATTEMPTS = 2


def _make(redis_url: str, *, careful: bool) -> Guard:
    client = redis.Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0 if careful else 3))

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"inside:{key}"
        for _ in range(ATTEMPTS):
            is_alone = client.incr(name) == 1
            try:
                if is_alone:
                    return effect(payload)
            finally:
                client.decr(name)
        raise InProgressError(key)

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, careful=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, careful=True)
