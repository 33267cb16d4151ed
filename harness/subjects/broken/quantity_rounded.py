"""Planted: the claim is named after the quantity as a float with six digits: two quantities have one claim."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import LIMITS, classify, connect, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="prints the quantity with '%g' into the claim's name: 0.12345678 and 0.12345679 are one order to it",
    cure="prints the exact decimal",
    origin="planted: a key made of symbol, side and quantity, as many order interfaces invite",
    checker="truthful_outcome",
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, exact: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        quantity = payload["quantity"]
        printed = str(Decimal(quantity)) if exact else f"{float(quantity):g}"
        name = f"once:{key.partition(':')[0]}:{payload['symbol']}:{payload['side']}:{printed}"
        if not client.set(name, "claimed", nx=True):
            return replay(key, client.get(name))
        receipt = effect(payload)
        client.set(name, json.dumps(receipt))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, exact=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, exact=True)
