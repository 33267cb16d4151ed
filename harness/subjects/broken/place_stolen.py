"""Planted: places are counted. Who lost its place gives one back all the same: the place of its successor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from harness.subjects.broken.footing import LIMITS, RefusedError, classify, connect, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="a late holder counts down the places although its own place ended with the lease: it gives back another's",
    cure="gives back a place only where its own token still stands on it",
    origin="Bogdanp/dramatiq 2.2.1: ConcurrentRateLimiter with limit=1 as a mutex (measured)",
    checker="at_most_once",
    faults=("advance",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


TAKE = """
if tonumber(redis.call('HGET', KEYS[1], 'taken') or 0) > 0 then return redis.call('HGET', KEYS[1], 'said') end
redis.call('HINCRBY', KEYS[1], 'taken', 1)
redis.call('HSET', KEYS[1], 'by', ARGV[1], 'said', 'claimed')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return false
"""
START = """
if redis.call('HGET', KEYS[1], 'by') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'said', 'started')
return redis.call('PERSIST', KEYS[1])
"""
GIVE_BACK_OWN = "if redis.call('HGET', KEYS[1], 'by') == ARGV[1] then redis.call('HINCRBY', KEYS[1], 'taken', -1) end"


def _make(redis_url: str, lease_s: float, *, compared: bool) -> Guard:
    client = connect(redis_url)
    lease_ms = int(lease_s * 1000)

    def give_back(name: str, token: str) -> None:
        if compared:
            client.eval(GIVE_BACK_OWN, 1, name, token)
        else:
            client.hincrby(name, "taken", -1)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name, token = f"places:{key}", str(uuid4())
        held = client.eval(TAKE, 1, name, token, lease_ms)
        if held is not None:
            return replay(key, held)
        if not client.eval(START, 1, name, token):
            give_back(name, token)
            raise RefusedError(f"the place at {key} was lost before the effect")
        receipt = effect(payload)
        client.hset(name, "said", json.dumps(receipt))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return _make(redis_url, lease_s, compared=False)


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, lease_s, compared=True)
