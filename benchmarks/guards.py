"""Small guards that are explored for their speed and their number of schedules; each ``make`` is one subject."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import redis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Guard = Any
Effect = Any
_PROMISE = "at_most_once"


def _claim_effect_mark(redis_url: str, lease_s: float) -> Guard:
    client = redis.Redis.from_url(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        if not client.set(f"once:{key}", "claimed", nx=True, px=int(lease_s * 1000)):
            return client.get(f"once:{key}")
        receipt = effect(payload)
        client.set(f"once:{key}", json.dumps(receipt))
        return receipt

    return guard


def _two_by_three(redis_url: str, _lease_s: float) -> Guard:
    client = redis.Redis.from_url(redis_url)

    def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> None:
        mine = client.incr(f"calls:{key}")
        client.set(f"call:{key}:{mine}", "begun")
        client.incr(f"calls:{key}")

    return guard


def _guarded(redis_url: str, _lease_s: float) -> Guard:
    client = redis.Redis.from_url(redis_url)

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        if client.set(f"once:{key}", "claimed", nx=True):
            receipt = effect(payload)
            client.set(f"once:{key}", json.dumps(receipt))
            return receipt
        before, after = client.get(f"once:{key}"), client.get(f"once:{key}")
        return json.loads(after) if after is not None and before == after != b"claimed" else None

    return guard


def _subject(make: Callable[[str, float], Guard], *, reusable: bool = False) -> Callable[[str, float], Guard]:
    """Return a factory of the guards that *make* makes."""

    def factory(redis_url: str, lease_s: float) -> Guard:
        return make(redis_url, lease_s)

    factory.__dict__.update(promise=_PROMISE, reusable=reusable)
    return factory


claim_effect_mark = _subject(_claim_effect_mark)
"""Claims, performs, marks; who comes second returns what it finds."""

claim_effect_mark_reused = _subject(_claim_effect_mark, reusable=True)
"""The same, of which one instance serves many schedules."""

two_by_three = _subject(_two_by_three)
"""Three commands whatever others do: two on a shared key, and one on a key of its own between them."""

guarded = _subject(_guarded)
"""Three steps whatever others do: the winner claims, performs and marks; a loser is turned away and looks twice."""
