"""Planted: the claim is bound to a connection, and the client silently makes a new one. Nobody watches any more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from harness.subjects.broken.footing import LIMITS, InProgressError, classify, replay
from harness.subjects.broken.planted import Planted
from harness.subjects.contract import declare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.subjects.contract import Effect, Guard

PLANTED = Planted(
    bug="claims under WATCH with a client that silently reconnects: nobody watches any more, and EXEC never fails",
    cure="a client that never reconnects on its own: a lost connection is an error that claims nothing",
    origin="wolph/portalocker #137: the lock is a connection, and the client's default retry hides that it was lost",
    checker="at_most_once",
    faults=("error_reply:LOADING",),
)

_as_declared = declare(promise="at_most_once", classify=classify, outside=LIMITS, reusable=True)


def _make(redis_url: str, *, noticing: bool) -> Guard:
    retry = Retry(NoBackoff(), 0 if noticing else 3)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        name, client = f"once:{key}", redis.Redis.from_url(redis_url, single_connection_client=True, retry=retry)
        ask: Callable[..., Any] = client.execute_command
        with client:
            ask("WATCH", name)
            held = client.get(name)
            if held is not None:
                return replay(key, held)
            ask("MULTI")
            ask("SET", name, "claimed")
            if ask("EXEC") is None:
                raise InProgressError(key)
            receipt = effect(payload)
            client.set(name, json.dumps(receipt))
            return receipt

    return guard


@_as_declared
def make(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard with the bug; a claim never ends, so the lease is not used."""
    return _make(redis_url, noticing=False)


@_as_declared
def make_twin(redis_url: str, _lease_s: float) -> Guard:
    """Return the guard without it."""
    return _make(redis_url, noticing=True)
