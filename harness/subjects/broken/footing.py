"""What the planted guards stand on, so that each file shows its one bug: a client, refusals, and what they mean.

A claim is a string: ``claimed``, ``started``, or the result as JSON. Nothing here decides whether an effect runs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect


class InProgressError(Exception):
    """Another process holds the key."""


class InDoubtError(Exception):
    """The effect of the key may have happened."""


class ConflictError(Exception):
    """The key was used with another payload."""


class RefusedError(Exception):
    """The guard says that this call did nothing."""


_MEANINGS: dict[type[BaseException], tuple[str, str]] = {
    InProgressError: ("FAIL", "in_progress"),
    InDoubtError: ("INDETERMINATE", "in_doubt"),
    ConflictError: ("FAIL", "conflict"),
    RefusedError: ("FAIL", "refused"),
}

_TRUSTS_REDIS = "the guard trusts Redis to keep what it acknowledged"
TRUSTS_REDIS = dict.fromkeys(
    ("evict", "restart_losing:1", "restart_losing:2", "failover_losing:1", "failover_losing:2"), _TRUSTS_REDIS
)
"""The limit that every planted guard documents."""

LIMITS = {"conflict": "the guard does not compare payloads: a key must never be used for two of them", **TRUSTS_REDIS}
"""The limits that most planted guards document."""


def classify(error: BaseException) -> tuple[str, str]:
    """Return what an exception of a planted guard means; of any other, that the effect may have happened."""
    return _MEANINGS.get(type(error), ("INDETERMINATE", ""))


def is_definite(error: Exception) -> bool:
    """Say whether the venue's error means that the effect certainly did not happen."""
    return getattr(error, "definite", None) is True


def connect(redis_url: str) -> redis.Redis:
    """Return a client that never sends a command twice on its own."""
    return redis.Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0))


def replay(key: str, held: bytes | str | None) -> Any:
    """Return the result that the value of a claimed key holds.

    Raises:
        InProgressError: It is ``claimed``, or gone by now.
        InDoubtError: It is ``started``.
    """
    text = held.decode() if isinstance(held, bytes) else held
    if text is None or text.startswith("claimed"):
        raise InProgressError(key)
    if text.startswith("started"):
        raise InDoubtError(key)
    return json.loads(text)


_REPLACE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


def replace(client: redis.Redis, name: str, old: str, new: str) -> bool:
    """Replace the value *old* by *new*, which lives for ever, in one step; say whether it was there."""
    return bool(client.eval(_REPLACE, 1, name, old, new))


_PUT = """
local held = redis.call('GET', KEYS[1])
if not held then redis.call('SET', KEYS[1], ARGV[1]) end
return held
"""


def put(client: redis.Redis, name: str, value: str) -> bytes | None:
    """Store *value*, which lives for ever, where nothing is; return what stood there, None if nothing did."""
    held: bytes | None = client.eval(_PUT, 1, name, value)
    return held


def run_claimed(client: redis.Redis, name: str, payload: Mapping[str, Any], effect: Effect) -> Any:
    """Do the effect of a claimed key and store its result; only a definite refusal frees the key."""
    try:
        receipt = effect(payload)
    except Exception as error:
        if is_definite(error):
            client.delete(name)
        raise
    client.set(name, json.dumps(receipt))
    return receipt


_FORGET = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


def forget(client: redis.Redis, name: str, value: str) -> None:
    """Delete *name* where it holds *value*, in one step."""
    client.eval(_FORGET, 1, name, value)
