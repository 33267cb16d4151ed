"""Planted: the venue's 'not found' is taken for final while the request may still be on its way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.subjects.broken.footing import LIMITS, classify, connect, forget, replace, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import REQUEST_LIFE_LEASES, declare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="frees the key at the first 'not found': a request that was only slow lands beside the second one",
    cure="frees it when the request's life is over, by the server's time",
    origin="generic: reconciliation that asks once; an exchange takes a slow request while its recvWindow lasts",
    checker="at_most_once",
    faults=("effect_late",),
)

_as_declared = declare(promise="exactly_once_or_in_doubt", classify=classify, outside=LIMITS, reusable=True)

START = """
local held, time = redis.call('GET', KEYS[1]), redis.call('TIME')
if held then return {0, held} end
local ends_ms = time[1] * 1000 + ARGV[1]
redis.call('SET', KEYS[1], string.format('started %d', ends_ms))
return {1, ends_ms}
"""


class _Guard:
    """A started key holds until when its request lives; recovery asks the venue what became of it."""

    def __init__(self, redis_url: str, lease_s: float, *, patient: bool) -> None:
        self._client = connect(redis_url)
        self._life_ms = int(lease_s * REQUEST_LIFE_LEASES * 1000)
        self._patient = patient

    def __call__(self, key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name = f"once:{key}"
        is_ours, said = self._client.eval(START, 1, name, self._life_ms)
        if not is_ours:
            return replay(key, said)
        receipt = effect(payload, valid_until_ms=said)
        self._client.set(name, json.dumps(receipt))
        return receipt

    def reconcile(self, key: str, probe: Callable[[str], Mapping[str, Any]]) -> None:
        """Store what the venue knows of *key*, or free it."""
        name = f"once:{key}"
        held: Any = self._client.get(name)
        if held is None or not held.startswith(b"started"):
            return
        mark = held.decode()
        # The time is asked first: what lands between the two questions is found by the second one.
        is_over = self._client.time()[0] * 1000 > int(mark.split()[1])
        said = probe(key)
        if said["found"]:
            replace(self._client, name, mark, json.dumps(said["receipt"]))
        elif is_over or not self._patient:
            forget(self._client, name, mark)


def _make(redis_url: str, lease_s: float, *, patient: bool) -> Guard:
    return _Guard(redis_url, lease_s, patient=patient)


@_as_declared
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard with the bug."""
    return _make(redis_url, lease_s, patient=False)


@_as_declared
def make_twin(redis_url: str, lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, lease_s, patient=True)
