"""Planted: GET, then SET. Two processes both read nothing and both run the effect."""

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
    bug="reads the mark with GET and writes it with SET: two processes both see nothing",
    cure="claims with one SET NX",
    origin="cameronmaske/celery-once #7; taskiq-python/taskiq-redis #123 (check, then set)",
    checker="at_most_once",
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, atomic: bool) -> Guard:
    client = connect(redis_url)

    def claim(name: str) -> bool:
        if atomic:
            return bool(client.set(name, "claimed", nx=True))
        if client.get(name) is not None:
            return False
        return bool(client.set(name, "claimed"))

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}"
        if not claim(name):
            return replay(key, client.get(name))
        receipt = effect(payload)
        client.set(name, json.dumps(receipt))
        return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, atomic=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, atomic=True)
