"""Planted: any exception deletes the claim. A timeout after the effect was done invites a second effect."""

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
    bug="deletes the claim on every exception of the effect, an ambiguous timeout included",
    cure="deletes the claim only where the venue said that the effect did not happen",
    origin="20 of 21 adapters measured, those of aws-powertools 3.37.0 and celery-once 3.0.1 among them",
    checker="at_most_once",
    faults=("effect_reply_lost",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, selective: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}"
        if not client.set(name, "claimed", nx=True):
            return replay(key, client.get(name))
        try:
            receipt = effect(payload)
        except Exception as error:
            if is_definite(error) or not selective:
                client.delete(name)
            raise
        client.set(name, json.dumps(receipt))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, selective=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, selective=True)
