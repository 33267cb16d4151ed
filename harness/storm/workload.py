"""What the users of a storm deliver: effects of five types, mostly of hot keys, again and again. Only draws.

Orders come in by the clock: in each quarter of a second there are some new keys, of which a few are hot (Zipf). All
users who draw at that time draw among them, so that the same order is delivered to several at once. Now and then a
user delivers one of its earlier orders again, as a job queue does, or uses a key with another payload.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from harness import seed as seeds
from harness.venue.book import payload_digest

if TYPE_CHECKING:
    import random

EFFECT_TYPES = ("order", "position", "ledger", "pnl", "signal")
"""What an effect may be; the safety core knows the same names."""

GENERATION_NS = 250_000_000
"""For how long the same keys are new."""
KEYS = 64
"""New keys of each type in that time."""
_RANK_DIGITS = 2
_ZIPF = 1.1
"""The exponent: of all draws the hottest key gets a quarter."""
_AGAIN = 0.08
"""Share of the draws that deliver an earlier order again."""
_OTHER = 0.02
"""Share of the draws that use the key with another payload."""
_REMEMBERED = 64
"""Earlier orders that a user may deliver again."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order as it is delivered.

    Attributes:
        effect_type: One of :data:`EFFECT_TYPES`.
        key: Its key.
        payload: What shall be done, a JSON object.
        delivery: 0 for the first time that this user delivers it, then 1, 2, ...
    """

    effect_type: str
    key: str
    payload: dict[str, Any]
    delivery: int = 0


class Deliveries:
    """The orders of one user, in the order in which it delivers them."""

    def __init__(self, seed: int, user: str, *, conflicts: bool) -> None:
        """Begin the user's own stream of the run's *seed*."""
        self._random = seeds.stream(seed, f"storm.user.{user}")
        self._mark = f"{seed:08x}"
        self._conflicts = conflicts
        self._earlier: deque[Order] = deque(maxlen=_REMEMBERED)

    def next(self, since_ns: int) -> Order:
        """Return the next order, *since_ns* nanoseconds after the storm began."""
        draw = self._random
        if self._earlier and draw.random() < _AGAIN:
            earlier = draw.choice(self._earlier)
            return Order(earlier.effect_type, earlier.key, earlier.payload, earlier.delivery + 1)
        order = self._new(draw, since_ns // GENERATION_NS)
        self._earlier.append(order)
        return order

    def wait_s(self, attempt: int) -> float:
        """Return how long to wait before an order is delivered again for the *attempt*-th time, from 1."""
        return float(self._random.uniform(0.01, 0.05) * 2**attempt)

    def _new(self, draw: random.Random, generation: int) -> Order:
        effect_type = draw.choice(EFFECT_TYPES)
        rank = bisect_left(_shares(), draw.random())
        key = f"{effect_type}-{self._mark}-{generation:06d}{rank:0{_RANK_DIGITS}d}"
        is_other = self._conflicts and draw.random() < _OTHER
        return Order(effect_type, key, payload_of(effect_type, rank + (KEYS if is_other else 0)))


@cache
def _shares() -> list[float]:
    """Return for each rank which share of the draws it and the hotter ones get."""
    weights = [1 / (rank + 1) ** _ZIPF for rank in range(KEYS)]
    total = sum(weights)
    return [*(each / total for each in accumulate(weights[:-1])), 1.0]


def order_of(key: str, digest: str, delivery: int) -> Order:
    """Return the order that was delivered under *key* with the payload of this *digest*.

    Raises:
        ValueError: No order of a storm has them.
    """
    effect_type, rank = key.partition("-")[0], int(key[-_RANK_DIGITS:])
    for number in (rank, rank + KEYS):
        payload = payload_of(effect_type, number)
        if payload_digest(payload) == digest:
            return Order(effect_type, key, payload, delivery)
    raise ValueError(f"no order of a storm has the key {key} and a payload {digest}")


def payload_of(effect_type: str, number: int) -> dict[str, Any]:
    """Return the payload of an effect; *number* tells one from another."""
    match effect_type:
        case "order":
            body: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "quantity": number + 1}
        case "position":
            body = {"symbol": "BTCUSDT", "change": number + 1}
        case "ledger":
            body = {"account": "cash", "amount": f"{number + 1}.00"}
        case "pnl":
            body = {"book": "main", "realised": f"-{number + 1}.50"}
        case _:
            body = {"name": "rebalance", "strength": number + 1}
    return {"effect_type": effect_type, **body}
