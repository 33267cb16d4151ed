"""Planted: the guard itself asks the venue again after a timeout. A timeout does not say that nothing was done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import LIMITS, classify, connect, is_definite, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="calls the effect a second time when the first call ended in an ambiguous timeout",
    cure="lets the timeout through: whether the effect was done is for the venue to say",
    origin="generic: a retry decorator around the HTTP call, inside the duplicate check",
    checker="at_most_once",
    faults=("effect_reply_lost",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, single: bool) -> Guard:
    client = connect(redis_url)

    def perform(payload: Mapping[str, Any], effect: Effect) -> Mapping[str, Any]:
        try:
            return effect(payload)
        except Exception as error:
            if single or is_definite(error):
                raise
            return effect(payload)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}"
        if not client.set(name, "claimed", nx=True):
            return replay(key, client.get(name))
        receipt = perform(payload, effect)
        client.set(name, json.dumps(receipt))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, single=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, single=True)
