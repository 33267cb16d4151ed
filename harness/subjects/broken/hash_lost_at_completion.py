"""Planted: the finished record no longer holds the payload's hash. A legal replay then looks like a conflict."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import TRUSTS_REDIS, ConflictError, InProgressError, classify, connect, put
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="drops the payload's hash when it stores the result, so that the same payload is refused as another one",
    cure="keeps the hash beside the result",
    origin="aws-powertools/powertools-lambda-typescript #5705; powertools-lambda-python 3.37.0 (measured)",
    checker="usefulness",
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=TRUSTS_REDIS, reusable=True)


def _make(redis_url: str, *, kept: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}"
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        held = put(client, name, json.dumps([digest, None]))
        if held is not None:
            first, receipt = json.loads(held)
            if first != digest:
                raise ConflictError(key)
            if receipt is None:
                raise InProgressError(key)
            return receipt
        receipt = effect(payload)
        client.set(name, json.dumps([digest if kept else None, receipt]))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, kept=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, kept=True)
