"""Planted: the lock is deleted in a finally block that also runs in the process that never got it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from harness.subjects.broken.footing import TRUSTS_REDIS, InProgressError, classify, connect
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="deletes the lock without comparing the token: a process that was turned away frees the lock of the holder",
    cure="deletes the lock only where its own token still stands",
    origin="the DEL without a token that Redis' own documentation of SET warns of",
    checker="mutual_exclusion",
    faults=("pause",),
)

_as_declared = declare(promise="mutual_exclusion", classify=classify, outside=TRUSTS_REDIS, reusable=True)


RELEASE = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


def _make(redis_url: str, *, compared: bool) -> Guard:
    client = connect(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name, token = f"lock:{key}", str(uuid4())
        try:
            if not client.set(name, token, nx=True):
                raise InProgressError(key)
            return effect(payload)
        finally:
            if compared:
                client.eval(RELEASE, 1, name, token)
            else:
                client.delete(name)

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, compared=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, compared=True)
