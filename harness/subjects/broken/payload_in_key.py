"""Planted: the payload is part of the claim's name, so that a changed order is a new one under the old key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import TRUSTS_REDIS, ConflictError, InProgressError, classify, connect, put
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="claims the key together with the payload: the same key with another quantity is executed as well",
    cure="claims the key alone and refuses another payload",
    origin="celery-once and celery-singleton build the key from all arguments of the task",
    checker="conflict",
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=TRUSTS_REDIS, reusable=True)


def _make(redis_url: str, *, apart: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}" if apart else f"once:{key}:{json.dumps(payload, sort_keys=True)}"
        held = put(client, name, json.dumps([payload, None]))
        if held is not None:
            first, receipt = json.loads(held)
            if first != payload:
                raise ConflictError(key)
            if receipt is None:
                raise InProgressError(key)
            return receipt
        receipt = effect(payload)
        client.set(name, json.dumps([payload, receipt]))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, apart=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, apart=True)
