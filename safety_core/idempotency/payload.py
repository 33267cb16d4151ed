"""The canonical form of a payload, and its hash: equal intents hash alike, whichever way they were written.

Runs before anything is written to the store, so that a payload without a canonical form costs nothing. Must never
fall back to `repr` or `str` of an unknown type: two runs would disagree about it.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from json.encoder import encode_basestring_ascii as _quoted
from typing import TYPE_CHECKING, Any

from .errors import PayloadError
from .number_text import number_text

if TYPE_CHECKING:
    from .effect_types import EffectType

_MAX_DEPTH = 64
_PLAIN_TYPES: tuple[Any, ...] = (str, int, float, Decimal, dict, list, tuple)


def canonical(payload: Any) -> str:
    """Return the one text that stands for `payload`.

    Known are None, bool, int, float, Decimal, str, Enum (by its value), datetime, date, time, dict with string keys,
    list and tuple (which meet). Equal numbers meet whatever their type; an aware datetime meets the same instant in
    another zone; a number never meets a string that spells it.

    Raises:
        PayloadError: Anything else, a number that is not finite, or more than 64 levels.
    """
    return _text(payload, 0)


def payload_hash(effect_type: EffectType, payload: Any) -> str:
    """Return the SHA-256 of effect type and canonical payload, 64 hexadecimal digits.

    Raises:
        PayloadError: As for `canonical`.
    """
    return hashlib.sha256(f"{effect_type}\n{_text(payload, 0)}".encode("ascii")).hexdigest()


def _text(value: Any, depth: int) -> str:  # noqa: PLR0911 - one line per type, the common ones first
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if kind is int or kind is float or kind is Decimal:
        text = number_text(value)
        if text is None:
            raise PayloadError(f"the payload holds {value!r}; expected finite numbers")
        return text
    if depth > _MAX_DEPTH:
        raise PayloadError(f"the payload is nested deeper than {_MAX_DEPTH} levels, or contains itself")
    if kind is dict:
        return _object(value, depth + 1)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is list or kind is tuple:
        return "[" + ",".join([_text(item, depth + 1) for item in value]) + "]"
    return _rare(value, depth + 1)


def _object(value: dict[Any, Any], depth: int) -> str:
    try:
        names = sorted(value)
        members = [
            f"{_quoted(name)}:{_quoted(item) if type(item := value[name]) is str else _text(item, depth)}"
            for name in names
        ]
    except TypeError:
        wrong = next((name for name in value if not isinstance(name, str)), None)
        raise PayloadError(f"the payload has the key {wrong!r}; expected strings as keys") from None
    return "{" + ",".join(members) + "}"


def _rare(value: Any, depth: int) -> str:
    if isinstance(value, Enum):
        return _text(value.value, depth)
    if isinstance(value, datetime):
        if value.tzinfo is not None and value.utcoffset() is not None:
            value = value.astimezone(UTC)
        return f"@datetime{_quoted(value.isoformat())}"
    if isinstance(value, date | time):
        return f"@{type(value).__name__}{_quoted(value.isoformat())}"
    for plain in _PLAIN_TYPES:
        if isinstance(value, plain):
            return _text(plain(value), depth)
    raise PayloadError(
        f"the payload holds a {type(value).__module__}.{type(value).__qualname__}, which has no canonical form; "
        "expected None, bool, numbers, strings, enums, dates, lists and dicts with string keys"
    )
