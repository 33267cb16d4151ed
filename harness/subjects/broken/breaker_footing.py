"""What the planted breakers stand on: a breaker in Redis, and a guard that asks a breaker before it calls.

A breaker is a hash: the number of its state, when its time is over (0 while it is closed), failures, and the permit
of a probe with the time at which it ends. Every time is the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import redis

from harness.subjects.breaker_words import OpenError, RefusedError, UnrecordedError, has_failed, scope_of
from harness.subjects.broken.footing import connect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

TERMS = {"failures": 1, "probes": 1}
"""One failure opens a planted breaker, so that few faults show what is wrong with it."""

ALLOW = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'state', 'over', 'permit_ends')
local state, over = tonumber(held[1] or 0), tonumber(held[2] or 0)
if over == 0 then return state end
if over > now or tonumber(held[3] or 0) > now then return -1 end
redis.call('HSET', KEYS[1], 'permit', ARGV[1], 'permit_ends', now + tonumber(ARGV[2]))
return state
"""
"""Takes the name of a call and how long a permit lasts, in ms; gives the number of the state, or -1 for no."""

_RECORD = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'state', 'over', 'permit', 'permit_ends')
local state, over = tonumber(held[1] or 0), tonumber(held[2] or 0)
if state ~= tonumber(ARGV[2]) then return end
if over > 0 and (held[3] ~= ARGV[1] or tonumber(held[4]) <= now) then return end
if ARGV[3] == 'failed' then
  redis.call('HSET', KEYS[1], 'state', state + 1, 'over', now + tonumber(ARGV[4]))
elseif over > 0 and ARGV[3] == 'done' then
  redis.call('HSET', KEYS[1], 'state', state + 1, 'over', 0)
end
if over > 0 then redis.call('HDEL', KEYS[1], 'permit', 'permit_ends') end
"""


class Breaker(Protocol):
    """Lets calls through, and is told how they end."""

    def allow(self, scope: str, call: str) -> int:
        """Return the number of the state in which the call is let through.

        Raises:
            OpenError: It is not.
        """

    def record(self, scope: str, call: str, state: int, ended: str) -> None:
        """Take note that a call is ``done``, ``failed`` or ``neither``."""


class SharedBreaker:
    """The breaker in Redis that all processes share."""

    def __init__(self, redis_url: str, lease_s: float, *, allow: str = ALLOW, permit_s: float | None = None) -> None:
        """Make one.

        Args:
            redis_url: Where it is.
            lease_s: For how long it is open.
            allow: The script that lets a call through.
            permit_s: How long a permit lasts; None means the lease.
        """
        self._client = connect(redis_url)
        self._allow = allow
        self._open_ms = int(lease_s * 1000)
        self._permit_ms = self._open_ms if permit_s is None else int(permit_s * 1000)

    def allow(self, scope: str, call: str) -> int:
        """Ask Redis."""
        state: int = self._client.eval(self._allow, 1, f"breaker:{scope}", call, self._permit_ms)
        if state < 0:
            raise OpenError(scope)
        return state

    def record(self, scope: str, call: str, state: int, ended: str) -> None:
        """Tell Redis."""
        self._client.eval(_RECORD, 1, f"breaker:{scope}", call, state, ended, self._open_ms)


def behind(breaker: Breaker) -> Guard:
    """Return a guard that calls the venue only where *breaker* lets it."""

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        scope, call = scope_of(key), str(uuid4())
        try:
            state = breaker.allow(scope, call)
        except redis.RedisError as error:
            raise RefusedError(key) from error
        try:
            receipt = effect(payload)
        except Exception as error:
            record(scope, call, state, "failed" if has_failed(error) else "neither")
            raise
        record(scope, call, state, "done")
        return receipt

    def record(scope: str, call: str, state: int, ended: str) -> None:
        try:
            breaker.record(scope, call, state, ended)
        except redis.RedisError as error:
            raise UnrecordedError(scope) from error

    return guard
