"""The Redlock of pottery with one master."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import redis

from harness.subjects.contract import declare
from harness.subjects.peers.peer import Limit, Peer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.subjects.contract import Effect, Guard

PACKAGE = "pottery"
MODULES = ("pottery",)
README = "README of pottery, Redlock"
SAYS = (
    "Redlock is a safe and reliable lock to coordinate access to a resource shared across threads, processes, "
    "and even machines, without a single point of failure."
)
IN_THREADS = "it asks its masters in threads of its own, which the greenlet gate does not see"
EXPIRES = Limit(
    says=(
        "Redlocks are automatically released (by default, after 10 seconds). You should take care to ensure "
        "that your critical section completes well within that timeout."
    ),
    where=README,
    leaves_out=("pause", "advance"),
)

PEER = Peer(
    package=PACKAGE,
    modules=MODULES,
    what="the Redlock of pottery with one master and auto_release_time, acquired with blocking=False",
    promise="mutual_exclusion",
    says=SAYS,
    where=README,
    limits=(
        EXPIRES,
        Limit(
            says=(
                "In production, you should have 5 Redis masters. This is to eliminate a single point of failure "
                "[...] you can lose up to 2 out of the 5 Redis masters and your Redlock will remain available and "
                "performant."
            ),
            where=README,
            leaves_out=("evict", "restart_losing", "failover_losing"),
        ),
    ),
    needs_proxy=IN_THREADS,
)


class LockedError(Exception):
    """Somebody else has the lock, or the masters did not answer: the section was not entered."""


def classify(error: BaseException) -> tuple[str, str]:
    """Return what an exception of the guard means; those of pottery are raised on release, after the section."""
    return ("FAIL", "in_progress") if isinstance(error, LockedError) else ("INDETERMINATE", "")


@declare(promise=PEER.promise, classify=classify, outside=PEER.outside, reusable=True)
def make(redis_url: str, lease_s: float) -> Guard:
    """Return a guard that runs the effect while it holds the lock."""
    return guard_over([redis_url], lease_s)


def guard_over(urls: Sequence[str], lease_s: float) -> Guard:
    """Return a guard that asks the masters at *urls*."""
    from pottery import Redlock

    # It logs each error of a master with its traceback; here, those are made on purpose.
    logging.getLogger("pottery").setLevel(logging.CRITICAL)
    masters = {redis.Redis.from_url(url) for url in urls}

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        lock = Redlock(key=key, masters=masters, auto_release_time=lease_s)
        if not lock.acquire(blocking=False):
            raise LockedError(key)
        try:
            return effect(payload)
        finally:
            lock.release()

    return guard
