"""One section of a configuration as a dataclass: its fields are the keys, their types what may stand there.

A key that the section does not have, and a value of another type, are errors: a misspelt limit would be no limit.
"""

from __future__ import annotations

import difflib
import types
import typing
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import DataclassInstance

Made = TypeVar("Made", bound="DataclassInstance")

_WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list of texts, as [one, two]",
}


def read_section(kind: type[Made], name: str, held: Mapping[str, Any], *, source: str) -> Made:
    """Return the section *name* of a configuration; where there is none, one with every default.

    Args:
        kind: A dataclass of which every field is `str`, `int`, `float`, `bool`, `tuple[str, ...]`, or one of them or
            None, and has a default. A ValueError from it is a value out of range.
        name: Name of the section.
        held: The whole configuration.
        source: Where it comes from, for messages.

    Raises:
        ConfigError: A key that `kind` has not, a value of another type, or one out of range.
    """
    place = f"{source}: {name}"
    given = held.get(name, {})
    if not isinstance(given, dict):
        raise ConfigError(f"{place} is {given!r}; expected keys below it, each with a value")
    hints = typing.get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    for key in given:
        if key not in names:
            raise ConfigError(f"{place}.{key} is not known; {_expected(str(key), names)}")
    values = {key: _typed(value, hints[key], f"{place}.{key}") for key, value in given.items()}
    try:
        return kind(**values)
    except ValueError as error:
        raise ConfigError(f"{place}: {error}") from None


def _expected(key: str, names: list[str]) -> str:
    near = difflib.get_close_matches(key, names, n=1)
    return f"did you mean {near[0]}?" if near else f"expected some of: {', '.join(names)}"


def _typed(value: Any, hint: Any, place: str) -> Any:
    """Return the value as the field wants it: a whole number where a number is wanted, a list as a tuple."""
    if isinstance(hint, types.UnionType):
        (hint,) = (one for one in typing.get_args(hint) if one is not type(None))
    wanted = typing.get_origin(hint) or hint
    if wanted is float and type(value) is int:
        return float(value)
    if wanted is tuple and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if type(value) is not wanted:
        raise ConfigError(f"{place} is {value!r}; expected {_WORDS[wanted]}")
    return value
