"""One intent, one name; two intents, two names."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from safety_core.idempotency import (
    EntityIdError,
    ledger_entity_id,
    order_entity_id,
    pnl_entity_id,
    position_entity_id,
    signal_entity_id,
)

NASTY = st.text(alphabet="/:%|aé", min_size=1, max_size=5)


@pytest.mark.parametrize("quantity", [Decimal("0.10"), 0.1, "0.1", " 0.100 ", "1e-1"], ids=repr)
def test_one_quantity_however_written_gives_one_name(quantity: Any) -> None:
    """0.1 and "0.10" do not make two orders."""
    assert order_entity_id("BTCUSDT", "buy", quantity) == order_entity_id("BTCUSDT", "BUY", "0.1")


@given(st.tuples(NASTY, NASTY, NASTY), st.tuples(NASTY, NASTY, NASTY))
@example(("a/b", "c", "d"), ("a", "b/c", "d"))
def test_parts_never_join_across_their_border(one: tuple[str, str, str], two: tuple[str, str, str]) -> None:
    """("a/b", "c") is not ("a", "b/c")."""
    assert (signal_entity_id(*one) == signal_entity_id(*two)) == (one == two)


@given(NASTY, NASTY)
def test_two_intents_are_two_orders(one: str, two: str) -> None:
    """Equal content under two intent ids has two names."""
    names = [order_entity_id("BTCUSDT", "BUY", 1, intent) for intent in (one, two)]
    assert (names[0] == names[1]) == (one == two)


def test_intent_id_alone_names_an_order() -> None:
    """So that the same intent with another quantity is a conflict and not a second order."""
    assert order_entity_id("BTCUSDT", "BUY", 1, "i") == order_entity_id("ETHUSDT", "SELL", 2, "i")


def test_intent_is_never_taken_for_content() -> None:
    """A name made of content cannot be spelled as an intent."""
    assert order_entity_id("a", "B", 1) != order_entity_id("x", "y", 2, "a/B/1")


def test_kinds_of_effect_do_not_share_names() -> None:
    """One intent id names five different effects of one job."""
    names = {
        order_entity_id("s", "BUY", 1, "i"),
        position_entity_id("s", 1, "i"),
        ledger_entity_id("a", 1, "EUR", "i"),
        pnl_entity_id("s", "2026-01", 1, "i"),
        signal_entity_id("s", "x", "up", "i"),
    }
    assert len(names) == 5


@pytest.mark.parametrize("quantity", ["nan", float("inf"), Decimal("NaN"), "", "one", None, True, b"1"])
def test_quantity_that_is_no_finite_number_is_refused(quantity: Any) -> None:
    """NaN names nothing."""
    with pytest.raises(EntityIdError):
        order_entity_id("BTCUSDT", "BUY", quantity)


@pytest.mark.parametrize("symbol", ["", None, 7])
def test_empty_or_foreign_parts_are_refused(symbol: Any) -> None:
    """A missing symbol must not become the word None."""
    with pytest.raises(EntityIdError):
        order_entity_id(symbol, "BUY", 1)
