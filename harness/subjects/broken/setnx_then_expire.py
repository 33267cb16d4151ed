"""Planted: SETNX, then PEXPIRE. A process that dies between the two leaves a claim that never ends."""

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
    bug="claims with SETNX and sets the time to live with a second command: dying in between blocks the key",
    cure="claims with one SET NX PX",
    origin="redis/redis-py #554, #818",
    checker="nothing_lost",
    faults=("crash_after",),
)

_as_declared = declare(promise="exactly_once_or_in_doubt", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, lease_s: float, *, atomic: bool) -> Guard:
    client = connect(redis_url)
    lease_ms = int(lease_s * 1000)

    def claim(name: str, mark: str) -> bool:
        if atomic:
            return bool(client.set(name, mark, nx=True, px=lease_ms))
        return client.setnx(name, mark) and client.pexpire(name, lease_ms)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name, mark = f"once:{key}", f"claimed {uuid4()}"
        if not claim(name, mark):
            return replay(key, client.get(name))
        if not replace(client, name, mark, "started"):
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
