"""Planted: the holder compares its lease with its own clock and then calls the venue. The pause falls in between."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import (
    LIMITS,
    RefusedError,
    classify,
    connect,
    forget,
    put,
    replace,
    replay,
)
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import REQUEST_LIFE_LEASES, declare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="looks at its own clock before the effect: when the process stops after the look, the effect comes too late",
    cure="says to the venue until when the effect may be done",
    origin="generic: `if lock.expires_at > time.time()`; a look at a clock is over before the effect begins",
    checker="at_most_once",
    faults=("pause",),
)

_as_declared = declare(promise="exactly_once_or_in_doubt", classify=classify, outside=LIMITS, reusable=True)


class _Guard:
    """A started key holds until when its effect may be done; recovery frees it when that time is over."""

    def __init__(self, redis_url: str, lease_s: float, *, bounded: bool) -> None:
        self._client = connect(redis_url)
        # As long as the venue takes a request: what was sent in time is done or dead when recovery frees the key.
        self._life_s = lease_s * REQUEST_LIFE_LEASES
        self._bounded = bounded

    def __call__(self, key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name, ends_ms = f"once:{key}", int((time.time() + self._life_s) * 1000)
        held = put(self._client, name, f"started {ends_ms}")
        if held is not None:
            return replay(key, held)
        if not self._bounded and time.time() * 1000 > ends_ms:
            raise RefusedError(f"the lease of {key} was over before the effect")
        receipt = effect(payload, valid_until_ms=ends_ms if self._bounded else None)
        self._client.set(name, json.dumps(receipt))
        return receipt

    def reconcile(self, key: str, probe: Callable[[str], Mapping[str, Any]]) -> None:
        """Store what the venue knows of *key*, or free it."""
        name = f"once:{key}"
        held: Any = self._client.get(name)
        if held is None or not held.startswith(b"started"):
            return
        mark = held.decode()
        # The time is read first: what lands before the question is found by it.
        is_over = time.time() * 1000 > int(mark.split()[1])
        said = probe(key)
        if said["found"]:
            replace(self._client, name, mark, json.dumps(said["receipt"]))
        elif is_over:
            forget(self._client, name, mark)


def _make(redis_url: str, lease_s: float, *, bounded: bool) -> Guard:
    return _Guard(redis_url, lease_s, bounded=bounded)


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return _make(redis_url, lease_s, bounded=False)


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, lease_s, bounded=True)
