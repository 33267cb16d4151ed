"""Probes: guards that protect nothing and report what they met, so that a test sees what a fault did to them."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from harness.subjects.contract import Subject
from verify.history.events import Complete
from verify.history.promises import Promise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.subjects.contract import Effect, Guard
    from verify.history.events import Event


def probe(
    guard_of: Callable[[redis.Redis, float], Guard],
    *,
    promise: Promise = Promise.AT_MOST_ONCE,
    reusable: bool = False,
) -> Subject:
    """Return the subject whose guards *guard_of* makes from a client without retries and the lease."""

    def make(redis_url: str, lease_s: float) -> Guard:
        return guard_of(redis.Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0)), lease_s)

    return Subject(name="probe", promise=promise, outside={}, reusable=reusable, load=lambda: make)


def commands(count: int) -> Subject:
    """Return the subject whose guard takes *count* steps, performs nothing and does not mind what fails."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> None:
            for _ in range(count):
                try:
                    client.incr(key)
                except redis.RedisError:
                    continue

        return guard

    return probe(guard_of)


def counters(*names: str) -> Subject:
    """Return the subject whose guard counts calls under each of *names* beside its key, and performs nothing."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> None:
            for name in names:
                with contextlib.suppress(redis.RedisError):
                    client.incr(f"{key}:{name}")

        return guard

    return probe(guard_of)


def answers(events: Sequence[Event]) -> dict[str, Any]:
    """Return what each process was answered OK, in the order of the answers."""
    return {event.process: json.loads(event.result or "null") for event in events if isinstance(event, Complete)}
