"""JSON between Go's forms and ours: typed fields with Go's error texts, and values written as Go writes them.

Holds no state and knows no proxy.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from harness.toxiproxy.embedded.go_scan import Number

if TYPE_CHECKING:
    from collections.abc import Mapping

_INT64 = 2**63
_FLOAT32_MAX = 3.4028235677973366e38
"""From here on a number no longer rounds to a float32."""
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-6, 1e21


class WrongTypeError(ValueError):
    """A value has not the type of its field; the message is Go's."""


def read_fields(value: Any, types: Mapping[str, str], *, struct_name: str, prefix: str) -> dict[str, Any]:
    """Return the fields of the JSON object *value* that *types* names, without those that are null.

    Names are compared without regard to case; others are ignored, as Go does.

    Args:
        value: What was sent.
        types: Field name to Go type: ``string``, ``bool``, ``int``, ``int64``, ``float32`` or ``any``.
        struct_name: Go's name of the whole, for the error.
        prefix: What stands before a field's name in the error.

    Raises:
        WrongTypeError: *value* is no object, or a field has another type.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise WrongTypeError(f"json: cannot unmarshal {kind_of(value)} into Go value of type {struct_name}")
    folded = {name.casefold(): name for name in types}
    found: dict[str, Any] = {}
    for key, given in value.items():
        name = folded.get(key.casefold())
        if name is None or given is None:
            continue
        found[name] = _typed(given, types[name], f"{prefix}.{name}")
    return found


def _typed(given: Any, go_type: str, field: str) -> Any:
    kind = kind_of(given)
    if go_type == "any":
        return given
    if (go_type, kind) in {("string", "string"), ("bool", "bool")}:
        return given
    if kind == "number" and go_type in {"int", "int64", "float32"}:
        read = _integer(given) if go_type.startswith("int") else _float32(given)
        if read is not None:
            return read
        kind = f"number {given}"
    raise WrongTypeError(f"json: cannot unmarshal {kind} into Go struct field {field} of type {go_type}")


def _integer(text: str) -> int | None:
    if not text.lstrip("-").isdigit():
        return None
    number = int(text)
    return number if -_INT64 <= number < _INT64 else None


def _float32(text: str) -> float | None:
    number = float(text)
    if abs(number) >= _FLOAT32_MAX:
        return None
    return float(struct.unpack("f", struct.pack("f", number))[0])


def kind_of(value: object) -> str:
    """Return Go's word for the kind of a JSON value."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case Number():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def write_json(value: Any) -> bytes:
    """Return *value* as Go's ``json.Marshal`` writes it; a float is written as the float32 it is."""
    return _written(value).encode("utf-8", "replace")


def _written(value: Any) -> str:
    match value:
        case dict():
            return "{" + ",".join(f"{_text(key)}:{_written(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ",".join(_written(each) for each in value) + "]"
        case str():
            return _text(value)
        case float():
            return _float_text(value)
        case _:
            return json.dumps(value)


def _text(value: str) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return "".join(_ESCAPED.get(mark, mark) for mark in written)


def _float_text(value: float) -> str:
    """Return the fewest digits that give the same float32 again."""
    short = next(text for digits in range(1, 10) if _is_same(text := f"{value:.{digits}g}", value))
    if value != 0 and not _SMALLEST_PLAIN <= abs(value) < _LARGEST_PLAIN:
        mantissa, _, exponent = f"{float(short):e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
        sign, power = exponent[0], exponent[1:].lstrip("0")
        # Go drops the leading zero of a negative exponent and keeps two digits of a positive one.
        return f"{mantissa}e{sign}{power if sign == '-' else power.rjust(2, '0')}"
    plain = f"{float(short):.12f}".rstrip("0").rstrip(".")
    return plain if "e" in short else short


def _is_same(text: str, value: float) -> bool:
    return bool(struct.pack("f", float(text)) == struct.pack("f", value))
