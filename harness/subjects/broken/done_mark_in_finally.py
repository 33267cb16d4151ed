"""Planted: the done mark is written in a finally block, so that it also stands where nothing was done."""

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
    bug="marks the key as done in a finally block: the next caller is told OK of an effect that was lost or refused",
    cure="marks it as done only with a receipt in hand",
    origin="generic: clean-up and completion in one finally block",
    checker="nothing_lost",
    faults=("effect_lost",),
)

_as_declared = declare(promise="exactly_once_or_in_doubt", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, founded: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name, receipt = f"once:{key}", None
        if not client.set(name, "started", nx=True):
            return replay(key, client.get(name))
        try:
            receipt = effect(payload)
        finally:
            if receipt is not None or not founded:
                client.set(name, json.dumps(receipt))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, founded=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, founded=True)
