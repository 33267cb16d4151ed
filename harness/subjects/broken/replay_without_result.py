"""Planted: the done mark holds no result, and whoever comes second gets nothing where the receipt was due."""

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
    bug="stores that the key is done, but not with what result: a replay returns None",
    cure="stores the receipt in the done mark and replays it",
    origin="every lock used as a once-only guard: it remembers that something was done, not what",
    checker="replay_equality",
)

_as_declared = declare(promise="exactly_once_or_in_doubt", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, stored: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}"
        if not client.set(name, "claimed", nx=True):
            held = client.get(name)
            if held in {None, b"claimed"}:
                raise InDoubtError(key)
            return json.loads(held or "null")
        receipt = effect(payload)
        client.set(name, json.dumps(receipt if stored else None))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, stored=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, stored=True)
