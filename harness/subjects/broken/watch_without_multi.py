"""Planted: the claim is looked at under WATCH and written without MULTI, so that the WATCH protects nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from redis.exceptions import WatchError

from harness.subjects.broken.footing import LIMITS, RefusedError, classify, connect, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="marks the start with WATCH, GET and a bare SET: a claim that ended after the GET is another's by then",
    cure="sets it in MULTI and EXEC, which fail where the watched claim has changed",
    origin="redis/redis-py PR #1031: the release of a lock by WATCH, GET and DEL",
    checker="at_most_once",
    faults=("advance",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, lease_s: float, *, atomic: bool) -> Guard:
    client: Any = connect(redis_url)
    lease_ms = int(lease_s * 1000)

    def start(name: str, mark: str) -> bool:
        with client.pipeline() as pipe:
            pipe.watch(name)
            if pipe.get(name) != mark.encode():
                return False
            if not atomic:
                return bool(pipe.set(name, "started"))
            pipe.multi()
            pipe.set(name, "started")
            try:
                return bool(pipe.execute())
            except WatchError:
                return False

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name, mark = f"once:{key}", f"claimed {uuid4()}"
        if not client.set(name, mark, nx=True, px=lease_ms):
            return replay(key, client.get(name))
        if not start(name, mark):
            raise RefusedError(f"the claim of {key} was lost before the effect")
        receipt = effect(payload)
        client.set(name, json.dumps(receipt))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return _make(redis_url, lease_s, atomic=False)


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, lease_s, atomic=True)
