"""Equal intents hash alike, different ones do not, and what has no canonical form is refused."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.idempotency import EffectType, PayloadError
from safety_core.idempotency.number_text import number_text
from safety_core.idempotency.payload import canonical, payload_hash

if TYPE_CHECKING:
    from collections.abc import Callable

    from safety_core.tests.guards import Guard
    from safety_core.tests.servers import Server

SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3)
PAYLOADS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
)


class Side(Enum):
    """An enum of a caller."""

    BUY = "BUY"


def strictly_equal(one: Any, two: Any) -> bool:
    """Compare like `==`, but tell True from 1."""
    if type(one) is not type(two):
        return False
    if isinstance(one, list):
        return len(one) == len(two) and all(map(strictly_equal, one, two))
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(strictly_equal(one[name], two[name]) for name in one)
    return bool(one == two)


@given(PAYLOADS, PAYLOADS)
def test_canonical_texts_are_equal_exactly_when_payloads_are(one: Any, two: Any) -> None:
    """No two different payloads share a text, and no payload has two."""
    assert (canonical(one) == canonical(two)) == strictly_equal(one, two)


@given(st.dictionaries(st.text(max_size=3), SCALARS, max_size=5))
def test_order_of_names_does_not_matter(payload: dict[str, Any]) -> None:
    """A dict is a set of named values."""
    assert canonical(payload) == canonical(dict(reversed(payload.items())))


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers(0, 6))
def test_trailing_zeros_do_not_matter(number: Decimal, zeros: int) -> None:
    """0.1 and 0.1000 are one quantity."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    longer = Decimal((sign, digits + (0,) * zeros, exponent - zeros))
    assert number_text(number) == number_text(longer)


@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False, allow_infinity=False))
def test_number_texts_are_equal_exactly_when_numbers_are(one: Decimal, two: Decimal) -> None:
    """No rounding joins two numbers."""
    assert (number_text(one) == number_text(two)) == (one == two)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_float_meets_the_decimal_that_prints_it(number: float) -> None:
    """0.1 is what the caller wrote, not its binary neighbour."""
    assert number_text(number) == number_text(Decimal(repr(number)))


@given(st.integers())
def test_integer_meets_its_decimal(number: int) -> None:
    """Size does not matter."""
    assert number_text(number) == number_text(Decimal(number))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"q": Decimal("0.10")}, {"q": 0.1}),
        ({"q": 1}, {"q": 1.0}),
        ({"q": -0.0}, {"q": 0}),
        ({"side": Side.BUY}, {"side": "BUY"}),
        ((1, 2), [1, 2]),
        (
            datetime(2026, 1, 1, 12, tzinfo=UTC),
            datetime(2026, 1, 1, 14, tzinfo=timezone(timedelta(hours=2))),
        ),
    ],
)
def test_one_intent_written_two_ways_hashes_alike(one: Any, two: Any) -> None:
    """The same wish does not depend on the spelling."""
    assert payload_hash(EffectType.ORDER, one) == payload_hash(EffectType.ORDER, two)


@pytest.mark.parametrize(
    ("one", "two"),
    [(True, 1), ("1", 1), (None, "null"), (date(2026, 1, 1), "2026-01-01"), ({"a": {}}, {"a": []}), ("a", ["a"])],
)
def test_different_wishes_hash_differently(one: Any, two: Any) -> None:
    """Values that merely look alike do not meet."""
    assert payload_hash(EffectType.ORDER, one) != payload_hash(EffectType.ORDER, two)


def test_effect_type_is_part_of_the_hash() -> None:
    """An order and its ledger entry are two intents."""
    assert payload_hash(EffectType.ORDER, {}) != payload_hash(EffectType.LEDGER, {})


def endless() -> list[Any]:
    """Return a list that contains itself."""
    inner: list[Any] = []
    inner.append(inner)
    return inner


@pytest.mark.parametrize(
    "make",
    [object, lambda: {1: 2}, lambda: {"a": {1, 2}}, lambda: math.nan, lambda: Decimal("inf"), endless],
    ids=["object", "int key", "set", "nan", "inf", "endless"],
)
def test_payload_without_a_form_is_refused_before_anything_is_written(
    guard: Guard, server: Server, make: Callable[[], Any]
) -> None:
    """A caller's mistake costs no claim."""
    before = server.client().dbsize()
    with pytest.raises(PayloadError):
        guard.once(payload=make())
    assert (server.client().dbsize(), guard.runs) == (before, 0)
