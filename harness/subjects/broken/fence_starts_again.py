"""Planted: the fence's counter ends with the lease. The successor is given the number of who was there before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import LIMITS, RefusedError, classify, connect, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="lets the counter of fences end with the claim: two holders carry one number, and each finds it in the claim",
    cure="a counter that never ends: each holder's fence is greater than every one before",
    origin="planted, no thread found: INCR with EXPIRE, the pattern of rate limiters, used for fences",
    checker="fence_order",
    faults=("advance",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


CLAIM = """
local held = redis.call('GET', KEYS[1])
if held then return {0, held} end
local fence = redis.call('INCR', KEYS[2])
if ARGV[2] == 'ending' then redis.call('PEXPIRE', KEYS[2], ARGV[1]) end
redis.call('SET', KEYS[1], 'claimed ' .. fence, 'PX', ARGV[1])
return {1, fence}
"""
# A claim that has started has no time to live any more; its number says whose it is.
START = """
if redis.call('GET', KEYS[1]) ~= 'claimed ' .. ARGV[1] then return 0 end
redis.call('PERSIST', KEYS[1])
return 1
"""


def _make(redis_url: str, lease_s: float, *, lasting: bool) -> Guard:
    client = connect(redis_url)
    counter = "lasting" if lasting else "ending"

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name, fences = f"once:{key}", f"once:{key}:fence"
        is_ours, said = client.eval(CLAIM, 2, name, fences, int(lease_s * 1000), counter)
        if not is_ours:
            return replay(key, said)
        if not client.eval(START, 1, name, said):
            raise RefusedError(f"the claim of {key} was lost before the effect")
        receipt = effect(payload, fence=said)
        client.set(name, json.dumps(receipt))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return _make(redis_url, lease_s, lasting=False)


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, lease_s, lasting=True)
