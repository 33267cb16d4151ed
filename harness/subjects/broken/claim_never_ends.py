"""Planted: the claim has no lease at all. A process that dies before it starts blocks the key for ever."""

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
    bug="claims without any time to live: when the process dies before its effect, nobody ever runs it",
    cure="a claim that has not started ends with the lease",
    origin="steinitzu/celery-singleton #40: lock_expiry is None unless it is set",
    checker="nothing_lost",
    faults=("crash_after",),
)

_as_declared = declare(promise="exactly_once_or_in_doubt", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, lease_s: float, *, ending: bool) -> Guard:
    client = connect(redis_url)
    claim_ms = int(lease_s * 1000) if ending else None

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name, mark = f"once:{key}", f"claimed {uuid4()}"
        if not client.set(name, mark, nx=True, px=claim_ms):
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
    return _make(redis_url, lease_s, ending=False)


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, lease_s, ending=True)
