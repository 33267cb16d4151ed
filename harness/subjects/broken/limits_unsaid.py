"""Planted: a lock with SET NX is called a once-only guard, and nothing is said of what it relies on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import LIMITS, classify, connect, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

_CONFLICT = {"conflict": LIMITS["conflict"]}

PLANTED = Planted(
    bug="does not say that it relies on Redis to keep the claim: one that is evicted, deleted or lost in a failover "
    "was never there",
    cure="says that what Redis forgets is outside its promise",
    origin="generic: `SET NX ensures that there are no duplicate orders`, as in many design documents",
    checker="at_most_once",
    faults=("evict",),
)


def _make(redis_url: str) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}"
        if not client.set(name, "claimed", nx=True):
            return replay(key, client.get(name))
        receipt = effect(payload)
        client.set(name, json.dumps(receipt))
        return receipt

    return guard


@declare(promise="at_most_once", classify=classify, outside=_CONFLICT, reusable=True)
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url)


@declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url)
