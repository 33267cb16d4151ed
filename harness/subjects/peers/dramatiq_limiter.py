"""The concurrent rate limiter of dramatiq with one place, as its authors say that it makes a mutex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.subjects.contract import declare
from harness.subjects.peers.peer import Limit, Peer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

DOCSTRING = "docstring of dramatiq.rate_limits.ConcurrentRateLimiter"

PEER = Peer(
    package="dramatiq",
    modules=("dramatiq.rate_limits", "dramatiq.rate_limits.backends.redis"),
    what="the ConcurrentRateLimiter of dramatiq on its RedisBackend, with limit=1 and ttl",
    promise="mutual_exclusion",
    says="You can use a concurrent rate limiter of size 1 to get a distributed mutex.",
    where=DOCSTRING,
    limits=(
        Limit(
            says="ttl(int): The time in milliseconds that keys may live for.",
            where=DOCSTRING,
            leaves_out=("pause", "advance"),
        ),
    ),
)


def classify(error: BaseException) -> tuple[str, str]:
    """Return what an exception of the guard means; this one is raised before the section."""
    from dramatiq.rate_limits import RateLimitExceeded

    return ("FAIL", "in_progress") if isinstance(error, RateLimitExceeded) else ("INDETERMINATE", "")


@declare(promise=PEER.promise, classify=classify, outside=PEER.outside, reusable=True)
def make(redis_url: str, lease_s: float) -> Guard:
    """Return a guard that runs the effect while it holds the one place."""
    from dramatiq.rate_limits import ConcurrentRateLimiter
    from dramatiq.rate_limits.backends.redis import RedisBackend

    backend = RedisBackend(url=redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        with ConcurrentRateLimiter(backend, key, limit=1, ttl=int(lease_s * 1000)).acquire():
            return effect(payload)

    return guard
