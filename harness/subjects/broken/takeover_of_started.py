"""Planted: once the lease is over, a key whose effect has started is taken over like one that was only claimed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from harness.subjects.broken.footing import LIMITS, RefusedError, classify, connect, replace, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="takes over a started key when its lease is over: the effect may have happened, and happens again",
    cure="takes over claims only; a started key is in doubt, however old it is",
    origin="generic: one rule for every record in progress, as in the record libraries measured",
    checker="at_most_once",
    faults=("crash_after",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


CLAIM = """
local held, now_s = redis.call('GET', KEYS[1]), redis.call('TIME')[1]
local state, ends_s = string.match(held or '', '^(%a+) %S+ (%d+)$')
local is_free = not held or state and string.find(ARGV[1], state) and tonumber(now_s) > tonumber(ends_s)
if not is_free then return {0, held} end
local mark = 'claimed ' .. ARGV[2] .. ' ' .. now_s + ARGV[3]
redis.call('SET', KEYS[1], mark)
return {1, mark}
"""


def _make(redis_url: str, lease_s: float, *, careful: bool) -> Guard:
    client = connect(redis_url)
    taken_over = "claimed" if careful else "claimed started"

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}"
        is_ours, said = client.eval(CLAIM, 1, name, taken_over, str(uuid4()), int(lease_s))
        if not is_ours:
            return replay(key, said)
        mark = said.decode()
        if not replace(client, name, mark, mark.replace("claimed", "started")):
            raise RefusedError(f"the claim of {key} was lost before the effect")
        receipt = effect(payload)
        client.set(name, json.dumps(receipt))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return _make(redis_url, lease_s, careful=False)


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, lease_s, careful=True)
