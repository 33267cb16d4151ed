"""Planted: a holder goes on to its effect without looking whether the claim is still its own."""

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
    bug="marks the start without comparing the token: a holder whose lease ran out runs beside its successor",
    cure="marks it as started only where its own token still stands",
    origin="the usual way to hold a redis-py Lock; every lease needs this check directly before the effect",
    checker="at_most_once",
    faults=("advance",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, lease_s: float, *, checked: bool) -> Guard:
    client = connect(redis_url)
    lease_ms = int(lease_s * 1000)

    def start(name: str, mark: str) -> bool:
        if checked:
            return replace(client, name, mark, "started")
        return bool(client.set(name, "started"))

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
    return _make(redis_url, lease_s, checked=False)


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, lease_s, checked=True)
