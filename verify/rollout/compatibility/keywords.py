"""The keywords of a JSON schema that speak of one value: its type, the values that it may have, its bounds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from verify.rollout.compatibility.changes import Change, Side, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EXACT = ("pattern", "format", "multipleOf", "uniqueItems", "contentEncoding", "contentMediaType")
"""Keywords that narrow by being there; of two that differ nobody can say which is wider."""
_UNIONS = ("anyOf", "oneOf")
_COMPARED = {
    "type",
    "enum",
    "const",
    "nullable",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "default",
}
_SAY_NOTHING = {
    *("$anchor", "$comment", "$defs", "$id", "$schema", "definitions", "deprecated", "description", "discriminator"),
    *("example", "examples", "externalDocs", "readOnly", "title", "writeOnly", "xml"),
}
_UNDERSTOOD = {*_LEAST, *_MOST, *_EXACT, *_UNIONS, *_COMPARED, *_SAY_NOTHING}


def values(old: dict[str, Any], new: dict[str, Any], where: str, side: Side) -> Iterator[Change]:
    """Yield the kinds of values, and single values, that are no longer taken or may come now."""
    for allowed in (_types, _constants):
        was, now = allowed(old), allowed(new)
        bound, by = (was, now) if side is Side.GIVEN else (now, was)
        if by is None:
            continue
        if bound is None:
            only = ", ".join(sorted(by))
            said = f"takes only {only} now" if side is Side.GIVEN else f"was only {only}, and may be anything now"
            yield Change(f"{where} {said}")
        elif lost := sorted(each for each in bound - by if each != "integer" or "number" not in by):
            yield Change(f"{where} {side.verb} {', '.join(lost)}")


def bounds(old: dict[str, Any], new: dict[str, Any], where: str, side: Side) -> Iterator[Change]:
    """Yield the bounds that are narrower for what is given, or wider for what is answered."""
    for name in (*_LEAST, *_MOST):
        was, now = old.get(name), new.get(name)
        bound, by = (was, now) if side is Side.GIVEN else (now, was)
        if by is not None and (bound is None or (bound < by if name in _LEAST else bound > by)):
            yield Change(f"{where}: its {name} was {_or_none(was)}, and now it is {_or_none(now)}")


def exact(old: dict[str, Any], new: dict[str, Any], where: str, side: Side) -> Iterator[Change]:
    """Yield each form of a value that came for what is given, or went for what is answered, or is another one."""
    for name in _EXACT:
        was, now = old.get(name), new.get(name)
        if was != now and (now if side is Side.GIVEN else was) is not None:
            said = f"{where}: its {name} was {_or_none(was)}, and now it is {_or_none(now)}"
            yield Change(said, is_known=was is None or now is None)


def not_understood(old: dict[str, Any], new: dict[str, Any], where: str) -> Iterator[Change]:
    """Yield each keyword that changed and that nothing here understands."""
    for name in sorted(old.keys() | new.keys()):
        if name not in _UNDERSTOOD and not name.startswith("x-") and old.get(name) != new.get(name):
            said = f"{where}: {name} was {_or_none(old.get(name))}, and now it is {_or_none(new.get(name))}"
            yield Change(said, is_known=False)


def is_union(schema: dict[str, Any]) -> bool:
    """Say whether the schema is one of several alternatives."""
    return any(name in schema for name in _UNIONS)


def alternatives(schema: dict[str, Any]) -> list[Any]:
    """Return the alternatives of a schema; of one that has none, itself, without what was compared already."""
    beside = {name: value for name, value in schema.items() if name not in {*_UNIONS, "default"}}
    found = [each for name in _UNIONS for each in schema.get(name, ())]
    return found or [beside]


def described(schema: dict[str, Any] | None) -> str:
    """Return a schema in a few words."""
    if schema is None:
        return "nothing"
    if (constants := _constants(schema)) is not None:
        return ", ".join(sorted(constants))
    if (types := _types(schema)) is not None:
        return ", ".join(sorted(types))
    return shown(schema)


def _types(schema: dict[str, Any]) -> set[str] | None:
    """Return the kinds of values that a schema allows; None for all."""
    held = schema.get("type")
    if held is None:
        return None
    return {*([held] if isinstance(held, str) else held)} | ({"null"} if schema.get("nullable") is True else set())


def _constants(schema: dict[str, Any]) -> set[str] | None:
    """Return the single values that a schema allows, as JSON; None where it does not list them."""
    if "const" in schema:
        return {json.dumps(schema["const"], sort_keys=True, ensure_ascii=False)}
    held = schema.get("enum")
    return None if held is None else {json.dumps(each, sort_keys=True, ensure_ascii=False) for each in held}


def _or_none(value: Any) -> str:
    return "none" if value is None else shown(value)
