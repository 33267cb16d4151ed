"""The circuit breaker of pybreaker, with its state in Redis."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import redis

from harness.subjects.breaker_words import has_failed, scope_of
from harness.subjects.contract import declare
from harness.subjects.peers.peer import Limit, Peer
from verify.history.breaker_states import OPEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.subjects.contract import Effect, Guard

PACKAGE = "pybreaker"
STORAGE = "docstrings of pybreaker.CircuitRedisStorage"
_FALLBACK = "the `fallback_circuit_state` is used to determine the state of the circuit"

PEER = Peer(
    package=PACKAGE,
    modules=("pybreaker",),
    what="the CircuitBreaker of pybreaker on CircuitRedisStorage, with fail_max=1 and throw_new_error_on_trip=False",
    promise="circuit_breaker",
    says=(
        'When the circuit is "open", calls to the circuit breaker fail immediately, without any attempt to execute '
        'the real operation. [...] In the "half-open" state, the next call to the circuit breaker is allowed to '
        "execute the dangerous operation. Should the call succeed, the circuit breaker resets and returns to the "
        '"closed" state. If this trial call fails, however, the circuit breaker returns to the "open" state until '
        "another timeout elapses."
    ),
    where="docstrings of pybreaker.CircuitOpenState and pybreaker.CircuitHalfOpenState",
    limits=(
        Limit(
            says=f"If there are any connection issues with redis, {_FALLBACK}.",
            where=STORAGE,
            leaves_out=("request_lost", "reply_lost", "late_request", "error_reply"),
        ),
        Limit(
            says=(
                "If the circuit breaker state on Redis is missing, re-initialize it with the fallback circuit state "
                "and reset the fail counter."
            ),
            where=STORAGE,
            leaves_out=("evict", "restart_losing:1", "restart_losing:2", "failover_losing:1", "failover_losing:2"),
        ),
    ),
)


def classify(error: BaseException) -> tuple[str, str]:
    """Return what an exception of the guard means: of an error of the venue, what it says itself."""
    from pybreaker import CircuitBreakerError

    if isinstance(error, CircuitBreakerError):
        return ("FAIL", OPEN)
    return ("FAIL", "rejected") if getattr(error, "definite", None) is True else ("INDETERMINATE", "")


@declare(promise=PEER.promise, classify=classify, outside=PEER.outside, breaker={"failures": 1, "probes": 1})
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard: one breaker for all calls of a run, as its README gives each one a namespace of its own."""
    import pybreaker

    # It logs each error of Redis with its traceback; here, those are made on purpose.
    logging.getLogger("pybreaker").setLevel(logging.CRITICAL)
    client: Any = redis.Redis.from_url(redis_url)
    breakers: dict[str, pybreaker.CircuitBreaker] = {}

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        scope = scope_of(key)
        if scope not in breakers:
            breakers[scope] = pybreaker.CircuitBreaker(
                fail_max=1,
                reset_timeout=lease_s,
                exclude=[lambda error: not has_failed(error)],
                state_storage=pybreaker.CircuitRedisStorage(pybreaker.STATE_CLOSED, client, namespace=scope),
                throw_new_error_on_trip=False,
            )
        return breakers[scope].call(effect, payload)

    return guard
