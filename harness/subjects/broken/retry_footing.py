"""What the planted retry policies stand on: tries counted in Redis, and a guard that asks a policy before each one.

The tries of a job are a hash: how many there were, and until when it waits. Every time is the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import redis

from harness.subjects.broken.footing import connect
from harness.subjects.contract import LONGEST_COOLDOWN_LEASES
from harness.subjects.retry_words import CooldownError, ExhaustedError, RefusedError, UnrecordedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

LOOK = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'tries', 'due')
local tries = tonumber(held[1] or 0)
if tries >= tonumber(ARGV[1]) then return 'exhausted' end
if tonumber(held[2] or 0) > now then return 'cooldown' end
"""
"""Takes how many tries there may be, and the first and the longest cooldown in ms; goes on where a try may be."""

TRY = f"""{LOOK}
local wait = math.min(tonumber(ARGV[2]) * 2 ^ tries, tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'tries', tries + 1, 'due', now + wait)
return 'go'
"""
"""Takes the same, and counts what it lets through."""

_REFUSALS = {b"exhausted": ExhaustedError, b"cooldown": CooldownError}


class Policy(Protocol):
    """Lets a job be tried, and is told how that ends."""

    def ask(self, key: str) -> None:
        """Return if the job may be tried.

        Raises:
            CooldownError, ExhaustedError: It may not.
        """

    def tell(self, key: str, *, succeeded: bool) -> None:
        """Take note that a try has ended."""


class SharedPolicy:
    """The policy whose tries all processes count together."""

    def __init__(self, redis_url: str, lease_s: float, attempts: int, script: str = TRY) -> None:
        """Make one that lets a job be tried *attempts* times; *script* decides."""
        self.client = connect(redis_url)
        self._script = script
        self._terms = (attempts, int(lease_s * 1000), int(lease_s * LONGEST_COOLDOWN_LEASES * 1000))

    def ask(self, key: str) -> None:
        """Ask Redis."""
        said = self.client.eval(self._script, 1, tries_of(key), *self._terms)
        if said in _REFUSALS:
            raise _REFUSALS[said](key)

    def tell(self, key: str, *, succeeded: bool) -> None:
        """Forget the tries of a job that succeeded."""
        if succeeded:
            self.client.delete(tries_of(key))


def tries_of(key: str) -> str:
    """Return the key under which the tries of a job are counted."""
    return f"tries:{key}"


def limited_by(policy: Policy) -> Guard:
    """Return a guard that calls the venue only where *policy* lets it."""

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        try:
            policy.ask(key)
        except redis.RedisError as error:
            raise RefusedError(key) from error
        try:
            receipt = effect(payload)
        except Exception:
            tell(key, succeeded=False)
            raise
        tell(key, succeeded=True)
        return receipt

    def tell(key: str, *, succeeded: bool) -> None:
        try:
            policy.tell(key, succeeded=succeeded)
        except redis.RedisError as error:
            raise UnrecordedError(key) from error

    return guard
