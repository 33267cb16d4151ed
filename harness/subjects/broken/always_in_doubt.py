"""Planted: a guard that answers in doubt to everything. Nothing is ever wrong with it, and it is of no use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import LIMITS, InDoubtError, classify, connect
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="claims, executes and then says in doubt to everyone, so that it never has to be right",
    cure="answers with the receipt, or with the stored one",
    origin="the cheapest way to pass a checker of duplicates",
    checker="usefulness",
)

_as_declared = declare(promise="exactly_once_or_in_doubt", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, answering: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}"
        if not client.set(name, "claimed", nx=True):
            held = client.get(name)
            if held in {None, b"claimed"} or not answering:
                raise InDoubtError(key)
            return json.loads(held or "null")
        receipt = effect(payload)
        client.set(name, json.dumps(receipt))
        if not answering:
            raise InDoubtError(key)
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, answering=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, answering=True)
