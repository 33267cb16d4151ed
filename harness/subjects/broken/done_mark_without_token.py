"""Planted: the last mark is written without comparing the token. A late holder overwrites what its successor did."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from harness.subjects.broken.footing import (
    LIMITS,
    RefusedError,
    classify,
    connect,
    is_definite,
    replace,
    replay,
)
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="a holder that lost its claim writes its own end over the successor's done mark, and the effect runs again",
    cure="writes the last mark only where its own token still stands",
    origin="generic: completion writes without a token, as in the record libraries measured",
    checker="at_most_once",
    faults=("advance",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


CLAIM = """
local held = redis.call('GET', KEYS[1])
if held and held ~= 'failed' then return held end
redis.call('SET', KEYS[1], 'claimed ' .. ARGV[1], 'PX', ARGV[2])
return false
"""


def _make(redis_url: str, lease_s: float, *, checked: bool) -> Guard:
    client = connect(redis_url)
    lease_ms = int(lease_s * 1000)

    def finish(name: str, token: str, end: str) -> None:
        if checked:
            replace(client, name, f"started {token}", end)
        else:
            client.set(name, end)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name, token = f"once:{key}", str(uuid4())
        held = client.eval(CLAIM, 1, name, token, lease_ms)
        if held is not None:
            return replay(key, held)
        if not replace(client, name, f"claimed {token}", f"started {token}"):
            finish(name, token, "failed")
            raise RefusedError(f"the claim of {key} was lost before the effect")
        try:
            receipt = effect(payload)
        except Exception as error:
            if is_definite(error):
                finish(name, token, "failed")
            raise
        finish(name, token, json.dumps(receipt))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return _make(redis_url, lease_s, checked=False)


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, lease_s, checked=True)
