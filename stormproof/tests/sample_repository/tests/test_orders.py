"""The guard, explored within a small bound."""

from __future__ import annotations

from typing import Any

import pytest
from harness.orders import order
from shop.orders import make
from shop.orders import make as shop_make

KINDS = ("reply_lost", "effect_reply_lost")


def test_an_order_is_placed_at_most_once(chaos_explore: Any) -> None:
    """Whatever strikes, no order is placed twice."""
    chaos_explore(make, kinds=KINDS).assert_held()


def make_here(redis_url: str, lease_s: float) -> Any:
    """Return the guard from a module that imports the shop's own harness."""
    guard = shop_make(redis_url, lease_s)
    return lambda key, payload, effect: guard(f"{order(1)['id']}:{key}", payload, effect)


make_here.outside = shop_make.outside
make_here.classify = shop_make.classify


@pytest.mark.chaos_promise("at_most_once")
def test_a_guard_may_be_put_together_in_a_test(chaos_explore: Any) -> None:
    """The marker says what the guard is held to."""
    explored = chaos_explore(make_here, kinds="effect_reply_lost")
    explored.assert_held()
    assert explored.verdict == "VALID"
