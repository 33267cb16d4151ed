"""The lock that comes with redis-py, for asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis.asyncio

from harness.subjects.contract import declare
from harness.subjects.peers.peer import Peer
from harness.subjects.peers.redis_lock import LIMITS, MODULES, PACKAGE, SAYS, classify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PEER = Peer(
    package=PACKAGE,
    modules=MODULES,
    what="the Lock of redis.asyncio as an asynchronous context manager, with timeout and blocking=False",
    promise="mutual_exclusion",
    says=SAYS,
    where="docstrings of redis.asyncio.lock.Lock and redis.asyncio.Redis.lock",
    limits=LIMITS,
    needs_proxy="its guard is asynchronous",
)


@declare(promise=PEER.promise, classify=classify, outside=PEER.outside)
def make(redis_url: str, lease_s: float) -> Guard:
    """Return an asynchronous guard that runs the effect while it holds the lock."""

    async def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        # A client belongs to the event loop that it was first used in, and has to be closed there.
        async with (
            redis.asyncio.Redis.from_url(redis_url) as client,
            client.lock(key, timeout=lease_s, blocking=False),
        ):
            return effect(payload)

    return guard
