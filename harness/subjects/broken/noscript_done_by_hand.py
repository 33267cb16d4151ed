"""Planted: where the server does not know the claim's script, the guard does by hand what the script does."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from redis.exceptions import NoScriptError

from harness.subjects.broken.footing import LIMITS, classify, connect, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="goes on without the script where NOSCRIPT is answered, by GET and then SET: two processes both see nothing",
    cure="sends the script itself where NOSCRIPT is answered",
    origin="generic: a fallback that was written for servers without scripts, and met a restarted one",
    checker="at_most_once",
    faults=("error_reply:NOSCRIPT",),
)

_CLAIM = """
local held = redis.call('GET', KEYS[1])
if not held then redis.call('SET', KEYS[1], ARGV[1]) end
return held
"""
_DIGEST = hashlib.sha1(_CLAIM.encode(), usedforsecurity=False).hexdigest()


def _make(redis_url: str, *, whole: bool) -> Guard:
    client = connect(redis_url)

    def claim(name: str) -> Any:
        try:
            return client.evalsha(_DIGEST, 1, name, "claimed")
        except NoScriptError:
            if whole:
                return client.eval(_CLAIM, 1, name, "claimed")
        held = client.get(name)
        if held is None:
            client.set(name, "claimed")
        return held

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}"
        held = claim(name)
        if held is not None:
            return replay(key, held)
        receipt = effect(payload)
        client.set(name, json.dumps(receipt))
        return receipt

    return guard


def _prepare(redis_url: str) -> None:
    connect(redis_url).script_load(_CLAIM)


_as_declared = declare(promise="at_most_once", classify=classify, prepare=_prepare, outside=LIMITS, reusable=True)


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, whole=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, whole=True)
