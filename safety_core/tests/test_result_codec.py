"""A replay is told what the first caller was told, or that the result was not stored."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.idempotency import Outcome, ResultError
from safety_core.idempotency.result_codec import decode_result, encode_result

if TYPE_CHECKING:
    from safety_core.tests.guards import Guard

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.datetimes(timezones=st.none() | st.just(UTC))
    | st.dates()
    | st.times()
)
NAMES = st.text(max_size=3) | st.just("$type")
RESULTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(NAMES, inner, max_size=3)
    ),
)


class Status(Enum):
    """An enum of a venue."""

    FILLED = "FILLED"


def typed(value: Any) -> Any:
    """Return the value with its types made visible."""
    if isinstance(value, dict):
        return {name: typed(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [type(value).__name__, *map(typed, value)]
    return (type(value).__name__, value)


@given(RESULTS)
def test_results_come_back_equal_in_value_and_type(result: Any) -> None:
    """Decimal, datetime, tuples and the codec's own tag survive at any depth."""
    assert typed(decode_result(encode_result(result))) == typed(result)


def test_enum_comes_back_as_its_value() -> None:
    """The one documented exception."""
    assert decode_result(encode_result({"status": Status.FILLED})) == {"status": "FILLED"}


@pytest.mark.parametrize("result", [object(), {1: "a"}, math.inf, Decimal("nan"), {1, 2}, b"bytes", [[object()]]])
def test_what_would_not_come_back_equal_is_refused(result: Any) -> None:
    """Better no result than a wrong one."""
    with pytest.raises(ResultError):
        encode_result(result)


@pytest.mark.parametrize("text", [b"", b"{", b'{"$type":"unknown","value":1}', b'{"$type":"decimal"}', b"\xff"])
def test_foreign_text_is_not_taken_for_a_result(text: bytes) -> None:
    """A record of another writer is reported, not misread."""
    with pytest.raises(ResultError):
        decode_result(text)


def test_replay_of_money_and_time_keeps_its_types(guard: Guard) -> None:
    """Through a real server, not only through the codec."""
    result = {
        "price": Decimal("0.10"),
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "day": date(2026, 1, 1),
        "open": time(9, 30),
        "fills": [(Decimal(1), "a")],
    }
    assert guard.once(effect=lambda claim: result).outcome is Outcome.EXECUTED
    assert typed(guard.once().result) == typed(result)


def test_result_that_is_not_to_be_stored_leaves_a_digest(guard: Guard) -> None:
    """store_result=False keeps a secret out of the store, and the effect is EXECUTED all the same."""
    first = guard.once(effect=lambda claim: "secret", store_result=False)
    again = guard.once()
    assert (first.outcome, again.outcome, again.result) == (Outcome.EXECUTED, Outcome.REPLAYED, None)
    assert first.record is not None
    assert again.record is not None
    assert again.record.result_digest == first.record.result_digest is not None
