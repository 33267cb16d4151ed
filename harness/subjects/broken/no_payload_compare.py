"""Planted: a key that comes back with another payload is answered with the first payload's result."""

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
    bug="replays the stored result to a caller with another payload, who believes that its own order was placed",
    cure="stores the payload beside the result and refuses another one",
    origin="generic: idempotency keys without a payload hash",
    checker="truthful_outcome",
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=TRUSTS_REDIS, reusable=True)


def _make(redis_url: str, *, compared: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}"
        held = put(client, name, json.dumps([payload, None]))
        if held is not None:
            first, receipt = json.loads(held)
            if compared and first != payload:
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
    return _make(redis_url, compared=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, compared=True)
