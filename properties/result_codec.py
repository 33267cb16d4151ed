"""A stored result comes back equal in value and type, an enum as its value, or it is refused before it is stored."""

from __future__ import annotations

import datetime as dt
import enum
import math
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from properties.claim import Claim, demand
from safety_core.idempotency import ResultError
from safety_core.idempotency.result_codec import decode_result, encode_result

if TYPE_CHECKING:
    from collections.abc import Callable


class Status(enum.Enum):
    """An enum of a venue: its value is stored."""

    FILLED = "FILLED"
    PART = ("PART", Decimal("0.10"))
    AT = dt.date(2026, 1, 1)


class Code(enum.IntEnum):
    """An enum that is a number too."""

    DUPLICATE = -2010


@dataclass(frozen=True, slots=True)
class Codec:
    """How a result is stored and read back."""

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


_ZONES = st.none() | st.timedeltas(dt.timedelta(hours=-23), dt.timedelta(hours=23)).map(
    lambda off: dt.timezone(dt.timedelta(seconds=int(off.total_seconds())))
)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=6)
    | st.decimals()
    | st.datetimes(timezones=_ZONES)
    | st.dates()
    | st.times()
    | st.sampled_from([*Status, *Code])
)
_FOREIGN = st.sampled_from([b"bytes", frozenset({1}), 1j, dt.timedelta(1), object])
_NAMES = st.sampled_from(["$type", "value", "decimal", "a"]) | st.text(max_size=3)
RESULTS = st.recursive(
    _SCALARS | _FOREIGN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(_NAMES, inner, max_size=3)
        | st.dictionaries(st.integers(), inner, max_size=1)
    ),
    max_leaves=8,
)
"""Results of a venue, and some that cannot be kept."""


_ALWAYS_KEPT = (bool, int, str, dt.date, dt.time)


def _storable(value: Any) -> bool:
    """Say whether the codec must take a value: all that its own types can carry."""
    if isinstance(value, enum.Enum):
        return _storable(value.value)
    if isinstance(value, dict):
        return all(isinstance(name, str) for name in value) and all(map(_storable, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_storable, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return value.is_finite() if isinstance(value, Decimal) else value is None or isinstance(value, _ALWAYS_KEPT)


def _typed(value: Any) -> Any:
    """Return a value with its types, and all that a comparison overlooks, made visible."""
    if isinstance(value, enum.Enum):
        return _typed(value.value)
    if isinstance(value, dict):
        return {name: _typed(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [type(value).__name__, *map(_typed, value)]
    return _exact(value)


def _exact(value: Any) -> Any:
    """Return a single value with its type; of a time without the fold, which no comparison of times sees."""
    if isinstance(value, Decimal):
        return ("Decimal", value.as_tuple())
    if isinstance(value, dt.datetime):
        return ("datetime", value.replace(tzinfo=None, fold=0), value.utcoffset())
    if isinstance(value, dt.time):
        return ("time", value.replace(fold=0))
    return (type(value).__name__, repr(value))


def check(codec: Codec, *, result: Any) -> None:
    """Assert that a result comes back as it was, or is refused where it could not."""
    try:
        stored = codec.encode(result)
    except ResultError:
        demand(not _storable(result), f"{result!r} was refused")
        return
    demand(_storable(result), f"{result!r} was stored")
    back = codec.decode(stored)
    demand(_typed(back) == _typed(result), f"{result!r} came back as {back!r}")


CLAIM = Claim(
    name="result_codec",
    says="A stored result comes back equal in value and type, an enum as its value; what cannot is refused.",
    drawn={"result": RESULTS},
    check=check,
    suspect=lambda: nullcontext(Codec(encode_result, decode_result)),
)
