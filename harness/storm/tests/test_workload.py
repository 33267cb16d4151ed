"""What users deliver follows from the seed, and is what a storm needs: five types, hot keys, the same ones again."""

from __future__ import annotations

from collections import Counter

import pytest

from harness.storm.workload import EFFECT_TYPES, GENERATION_NS, KEYS, Deliveries, order_of
from harness.venue.book import payload_digest


def _drawn(seed: int, user: str, count: int = 400, *, conflicts: bool = True, since_ns: int = 0) -> list[object]:
    deliveries = Deliveries(seed, user, conflicts=conflicts)
    return [deliveries.next(since_ns) for _ in range(count)]


def test_same_seed_delivers_the_same() -> None:
    """Each user has a stream of its own."""
    assert _drawn(7, "1.1") == _drawn(7, "1.1")
    assert _drawn(7, "1.1") != _drawn(7, "1.2")
    assert _drawn(7, "1.1") != _drawn(8, "1.1")


def test_few_keys_are_hot_and_all_types_come() -> None:
    """Of the draws of one type at one time the hottest key gets more than a sixth, and the tail is long."""
    deliveries = Deliveries(1, "1.1", conflicts=False)
    orders = [deliveries.next(0) for _ in range(5_000)]
    assert {order.effect_type for order in orders} == set(EFFECT_TYPES)
    of_one = Counter(order.key for order in orders if order.effect_type == "ledger")
    (_, hottest), (_, next_one) = of_one.most_common(2)
    assert hottest > of_one.total() / 6
    assert hottest > 1.5 * next_one
    assert len(of_one) > KEYS / 2


def test_orders_are_delivered_again_and_new_ones_come_with_time() -> None:
    """A user's earlier orders come back with the next number; a quarter second later the keys are new."""
    deliveries = Deliveries(1, "1.1", conflicts=False)
    first = [deliveries.next(0) for _ in range(200)]
    later = [deliveries.next(GENERATION_NS) for _ in range(200)]
    again = [order for order in later if order.delivery]
    assert again
    assert {order.key for order in again} & {order.key for order in first}
    assert not {order.key for order in later if not order.delivery} & {order.key for order in first}


def test_a_key_is_used_with_another_payload_only_where_that_is_wanted() -> None:
    """With conflicts some key has two payloads; without, none has."""
    for conflicts, most in ((True, 2), (False, 1)):
        deliveries = Deliveries(3, "1.1", conflicts=conflicts)
        payloads: dict[str, set[str]] = {}
        for _ in range(3_000):
            order = deliveries.next(0)
            payloads.setdefault(order.key, set()).add(payload_digest(order.payload))
        assert max(map(len, payloads.values())) == most


def test_an_order_is_known_by_its_key_and_its_digest() -> None:
    """What is delivered again after the storm is what was delivered in it."""
    deliveries = Deliveries(5, "1.1", conflicts=True)
    for order in (deliveries.next(0) for _ in range(500)):
        assert order_of(order.key, payload_digest(order.payload), order.delivery) == order
    with pytest.raises(ValueError, match="no order of a storm"):
        order_of("order-00000005-00000001", "0" * 16, 0)
