"""The lock that comes with redis-py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis
from redis.exceptions import LockError

from harness.subjects.contract import declare
from harness.subjects.peers.peer import Limit, Peer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PACKAGE = "redis"
MODULES = ("redis",)
SAYS = (
    "A shared, distributed Lock. Using Redis for locking allows the Lock to be shared across processes and/or "
    "machines. [...] mimics the behavior of threading.Lock."
)
WHERE = "docstrings of redis.lock.Lock and redis.Redis.lock"
LIMITS = (
    Limit(
        says=(
            "time: 5, thread-1 has not yet completed. redis expires the lock key. time: 5, thread-2 acquired "
            "`my-lock` now that it's available."
        ),
        where="docstring of redis.lock.Lock.__init__, thread_local",
        leaves_out=("pause", "advance"),
    ),
    Limit(
        says=(
            "It's left to the user to resolve deadlock issues and make sure multiple clients play nicely together."
        ),
        where="docstring of redis.lock.Lock",
    ),
)

PEER = Peer(
    package=PACKAGE,
    modules=MODULES,
    what="the Lock of redis-py as a context manager, with timeout and blocking=False",
    promise="mutual_exclusion",
    says=SAYS,
    where=WHERE,
    limits=LIMITS,
)


def classify(error: BaseException) -> tuple[str, str]:
    """Return what an exception of the lock means.

    Its subclass LockNotOwnedError is raised on release, after the section.
    """
    return ("FAIL", "in_progress") if type(error) is LockError else ("INDETERMINATE", "")


@declare(promise=PEER.promise, classify=classify, outside=PEER.outside, reusable=True)
def make(redis_url: str, lease_s: float) -> Guard:
    """Return a guard that runs the effect while it holds the lock."""
    client = redis.Redis.from_url(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        with client.lock(key, timeout=lease_s, blocking=False):
            return effect(payload)

    return guard
