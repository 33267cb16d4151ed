"""Planted: the result is stored before the effect. Others are told that it is done while it is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import LIMITS, classify, connect, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="stores the result first, runs the effect afterwards: a second caller is told OK of what may never be",
    cure="stores a claim first and the result after the effect",
    origin="generic: mark first, act later",
    checker="truthful_outcome",
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, afterwards: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name, done = f"once:{key}", json.dumps({"key": key, "status": "FILLED"})
        if not client.set(name, "claimed" if afterwards else done, nx=True):
            return replay(key, client.get(name))
        receipt = effect(payload)
        if afterwards:
            client.set(name, done)
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, afterwards=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, afterwards=True)
