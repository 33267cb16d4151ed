"""Planted: the claim's time to live is the lease. It vanishes under a holder who is slow, or dead by then."""

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
    bug="the claim expires with the lease, also when the effect has begun: the next process runs it again",
    cure="the claim has no time to live: what died in the middle stays claimed",
    origin="19 of 21 adapters measured, those of redis-py Lock and aws-powertools 3.37.0 among them",
    checker="at_most_once",
    faults=("crash_after",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, lease_s: float, *, lasting: bool) -> Guard:
    client = connect(redis_url)
    claim_ms = None if lasting else int(lease_s * 1000)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}"
        if not client.set(name, "claimed", nx=True, px=claim_ms):
            return replay(key, client.get(name))
        receipt = effect(payload)
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
