"""The guard: an order is placed at most once for each key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from verify.keys import checked

if TYPE_CHECKING:
    from collections.abc import Callable

TRUSTS_REDIS = "the guard trusts Redis to keep what it acknowledged"


class BusyError(Exception):
    """Somebody else places this order."""


class PlaceOnce:
    """Places an order unless its key was used."""

    def __init__(self, client: redis.Redis) -> None:
        """Use *client*."""
        self._client = client

    def __call__(self, key: str, payload: Any, effect: Callable[[Any], Any]) -> Any:
        """Return the receipt of the one order."""
        name = f"order:{checked(key)}"
        if not self._client.set(name, "claimed", nx=True):
            return self._earlier(name)
        receipt = effect(payload)
        self._client.set(name, json.dumps(receipt))
        return receipt

    def _earlier(self, name: str) -> Any:
        held: Any = self._client.get(name)
        if held in {None, b"claimed"}:
            raise BusyError(name)
        return json.loads(held)


def make(redis_url: str, _lease_s: float) -> PlaceOnce:
    """Return the guard as the shop uses it."""
    return PlaceOnce(redis.Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0)))


def classify(error: BaseException) -> tuple[str, str]:
    """Say what an error means to a caller."""
    return ("FAIL", "in_progress") if isinstance(error, BusyError) else ("INDETERMINATE", "")


make.promise = "at_most_once"
make.classify = classify
make.outside = {
    "conflict": "a key is never used for two orders",
    "evict": TRUSTS_REDIS,
    "restart_losing": TRUSTS_REDIS,
    "failover_losing": TRUSTS_REDIS,
}
