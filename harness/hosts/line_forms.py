"""The lines that a program may say in the line protocol, as data: the fields of each, and what may stand in them.

Fields that are not named here are ignored, so that a program may say more than this version knows. Must never be
looser than ``docs/line-protocol.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from verify.history.promises import Promise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROTOCOL = 1
"""The version that ``init`` names."""


@dataclass(frozen=True, slots=True)
class Form:
    """What may stand in a field.

    Attributes:
        name: In words, to go on after "expected".
        holds: Whether a value has the form.
    """

    name: str
    holds: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a line; an optional one may be left out, or be null."""

    name: str
    form: Form
    is_optional: bool = False


def _one_of(*words: str) -> Form:
    return Form(f"one of {', '.join(repr(word) for word in words)}", lambda value: value in words)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _maps_to_strings(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(reason, str) for reason in value.values())


_OBJECT = Form("an object", lambda value: isinstance(value, dict))
_STRING = Form("a string", lambda value: isinstance(value, str))
_BOOLEAN = Form("true or false", lambda value: isinstance(value, bool))
_INTEGER = Form("an integer", lambda value: isinstance(value, int) and not isinstance(value, bool))
_SECONDS = Form("a number of seconds, 0 or more", lambda value: _is_number(value) and value >= 0)
_REASONS = Form("an object of strings", _maps_to_strings)

_IN_PYTHON = {Promise.CIRCUIT_BREAKER, Promise.RETRY_POLICY, Promise.AUDITED}
"""What only guards in Python can promise: it comes with terms, for which the protocol has no line."""
_PROMISES = tuple(promise.value for promise in Promise if promise not in _IN_PYTHON)
"""What a program can promise."""
_ID = Field("id", _INTEGER)

FORMS: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        "ready": (
            Field("promise", _one_of(*_PROMISES), is_optional=True),
            Field("outside", _REASONS, is_optional=True),
            Field("reusable", _BOOLEAN, is_optional=True),
            Field("reconciles", _BOOLEAN, is_optional=True),
            Field("prepares", _BOOLEAN, is_optional=True),
        ),
        "prepared": (),
        "effect": (
            _ID,
            Field("call", _INTEGER),
            Field("payload", _OBJECT),
            Field("client_order_id", _STRING, is_optional=True),
            Field("fence", _INTEGER, is_optional=True),
            Field("valid_until_ms", _INTEGER, is_optional=True),
        ),
        "result": (_ID, Field("result", _OBJECT)),
        "error": (
            _ID,
            Field("outcome", _one_of("FAIL", "INDETERMINATE")),
            Field("word", _one_of("in_progress", "in_doubt", "conflict", "refused", "rejected", "")),
            Field("detail", _STRING),
        ),
        "sleep": (_ID, Field("seconds", _SECONDS)),
        "probe": (_ID, Field("key", _STRING)),
        "reconciled": (_ID,),
    }
)
"""The lines of a program by what they ``say``."""


def complaint(line: Any) -> str | None:
    """Return what is wrong with a line that was read as JSON, to go on after "which"; None where nothing is."""
    if not isinstance(line, dict):
        return "is no JSON object"
    say = line.get("say")
    fields = FORMS.get(say) if isinstance(say, str) else None
    if fields is None:
        return f"says none of {', '.join(FORMS)}"
    for field in fields:
        value = line.get(field.name)
        if value is None and not field.is_optional:
            return f"has no {field.name!r}"
        if value is not None and not field.form.holds(value):
            return f"has another {field.name!r} than {field.form.name}"
    return None
