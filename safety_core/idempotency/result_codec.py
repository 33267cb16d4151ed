"""How a result is kept and given back: JSON text in which Decimal, datetime and tuples survive.

What cannot come back equal is refused rather than stored wrong: a second caller must not be told something else than
the first. The one exception is an enum, which comes back as its value.
"""

from __future__ import annotations

import json
import math
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from .errors import ResultError

if TYPE_CHECKING:
    from collections.abc import Callable

_TAG = "$type"
_TAG_BYTES = b'"$type"'
_MAX_DEPTH = 64
_dump = json.JSONEncoder(ensure_ascii=True, allow_nan=False, check_circular=False, separators=(",", ":")).encode
_load = json.JSONDecoder().raw_decode

_READERS: dict[str, Callable[[Any], Any]] = {
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "tuple": lambda items: tuple(_unpacked(item) for item in items),
    "dict": lambda pairs: {name: _unpacked(item) for name, item in pairs},
}


def encode_result(result: Any) -> bytes:
    """Return `result` as ASCII JSON.

    Raises:
        ResultError: It holds a type that would not come back equal, a NaN or an infinity, a key that is not a string,
            or more than 64 levels.
    """
    return _dump(_packed(result, 0)).encode("ascii")


def decode_result(text: bytes) -> Any:
    """Return what `encode_result` was given.

    Raises:
        ResultError: The text is not one that this codec wrote.
    """
    try:
        plain, end = _load(text.decode("ascii"))
        value = _unpacked(plain) if _TAG_BYTES in text else plain
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise ResultError(f"the stored result cannot be read back: {error}") from error
    if end != len(text):
        raise ResultError(f"the stored result cannot be read back: more text follows after {end} characters")
    return value


def _packed(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is float:
        if not math.isfinite(value):
            raise ResultError(f"the result holds {value!r}, which JSON cannot carry")
        return value
    if depth > _MAX_DEPTH:
        raise ResultError(f"the result is nested deeper than {_MAX_DEPTH} levels, or contains itself")
    if kind is dict:
        return _packed_dict(value, depth + 1)
    if kind is list:
        return [_packed(item, depth + 1) for item in value]
    return _packed_rare(value, depth + 1)


def _packed_dict(value: dict[Any, Any], depth: int) -> Any:
    packed = {}
    for name, item in value.items():
        if type(name) is not str:
            raise ResultError(f"the result has the key {name!r}; only strings come back equal")
        packed[name] = _packed(item, depth)
    if _TAG in packed:
        return {_TAG: "dict", "value": list(packed.items())}
    return packed


def _packed_rare(value: Any, depth: int) -> Any:
    kind = type(value)
    if isinstance(value, Enum):
        return _packed(value.value, depth)
    if kind is Decimal:
        if not value.is_finite():
            raise ResultError(f"the result holds {value!r}, which is not a finite number")
        return {_TAG: "decimal", "value": str(value)}
    if kind is datetime or kind is date or kind is time:
        text = value.isoformat()
        if _READERS[kind.__name__](text) != value:
            raise ResultError(f"the result holds {value!r}, which does not survive its ISO form")
        return {_TAG: kind.__name__, "value": text}
    if kind is tuple:
        return {_TAG: "tuple", "value": [_packed(item, depth) for item in value]}
    raise ResultError(f"the result holds a {kind.__module__}.{kind.__qualname__}, which would not come back equal")


def _unpacked(value: Any) -> Any:
    if type(value) is dict:
        tag = value.get(_TAG)
        if tag is None:
            return {name: _unpacked(item) for name, item in value.items()}
        return _READERS[tag](value["value"])
    if type(value) is list:
        return [_unpacked(item) for item in value]
    return value
