"""The lock of python-redis-lock, not renewed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import redis

from harness.subjects.contract import declare
from harness.subjects.peers.peer import Limit, Peer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PACKAGE = "python-redis-lock"
MODULES = ("redis_lock",)
SAYS = "Interface targeted to be exactly like threading.Lock."
WHERE = "README of python-redis-lock"
REMAINS = Limit(
    says=(
        "In some cases, the lock remains in redis forever (like a server blackout / redis or application crash / an "
        "unhandled exception)."
    ),
    where=f"{WHERE}, Troubleshooting",
)

PEER = Peer(
    package=PACKAGE,
    modules=MODULES,
    what="the Lock of python-redis-lock with expire, acquired with blocking=False",
    promise="mutual_exclusion",
    says=SAYS,
    where=WHERE,
    limits=(
        Limit(
            says=(
                "expire: The lock expiry time in seconds. [...] auto_renewal: If set to True, Lock will "
                "automatically renew the lock so that it doesn't expire for as long as the lock is held"
            ),
            where="docstring of redis_lock.Lock.__init__",
            leaves_out=("pause", "advance"),
        ),
        REMAINS,
    ),
)


class LockedError(Exception):
    """Somebody else has the lock."""


def classify(error: BaseException) -> tuple[str, str]:
    """Return what an exception of the guard means; NotAcquired is raised on release, after the section."""
    return ("FAIL", "in_progress") if isinstance(error, LockedError) else ("INDETERMINATE", "")


def guard_with(redis_url: str, lease_s: float, *, auto_renewal: bool) -> Guard:
    """Return a guard that runs the effect while it holds the lock."""
    import redis_lock

    # It warns of every lock that is not free; here, that is an answer.
    logging.getLogger("redis_lock").setLevel(logging.ERROR)
    client = redis.Redis.from_url(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        lock = redis_lock.Lock(client, key, expire=int(lease_s), auto_renewal=auto_renewal)
        if not lock.acquire(blocking=False):
            raise LockedError(key)
        try:
            return effect(payload)
        finally:
            lock.release()

    return guard


@declare(promise=PEER.promise, classify=classify, outside=PEER.outside, reusable=True)
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard."""
    return guard_with(redis_url, lease_s, auto_renewal=False)
