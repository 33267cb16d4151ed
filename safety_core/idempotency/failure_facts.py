"""What can be read off an exception: its type, HTTP status, exchange code, wait, and text. Decides nothing.

Only attributes are read, so that no client library is imported. Nothing that an exception does when it is asked may
stop the judgement: what cannot be read is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any, final

MAX_TEXT = 4096
"""Characters of a failure's text that are read."""

_LONGEST_WAIT_S = 366 * 86400.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FailureFacts:
    """One failure, as far as it tells.

    Attributes:
        kind: Its class; None where only a text is known.
        names: Names of its class and of the classes that this is derived from, the nearest first.
        status: HTTP status, or None.
        code: Exchange code, or None.
        text: Its text, at most MAX_TEXT characters.
        definite: The word of the one who raised it: True certainly not done, False perhaps done, None not said.
        retry_after_s: Seconds that the other side asked to wait, or None.
    """

    kind: type[BaseException] | None = None
    names: tuple[str, ...] = ()
    status: int | None = None
    code: int | None = None
    text: str = ""
    definite: bool | None = None
    retry_after_s: float | None = None


def facts_of(error: BaseException) -> FailureFacts:
    """Return what `error` tells of itself, and its `response` where it has one."""
    kind = type(error)
    response = _read(error, "response")
    status = _first(error, response, "status", "status_code")
    definite = _read(error, "definite")
    return FailureFacts(
        kind=kind,
        names=tuple(one.__name__ for one in kind.__mro__),
        status=status,
        code=number(_read(error, "code")),
        text=_text(error),
        definite=definite if isinstance(definite, bool) else None,
        retry_after_s=_wait(error, response),
    )


def _first(error: BaseException, response: Any, *names: str) -> int | None:
    for holder in (error, response) if response is not None else (error,):
        for name in names:
            found = number(_read(holder, name))
            if found is not None:
                return found
    return None


def _wait(error: BaseException, response: Any) -> float | None:
    asked = _read(error, "retry_after")
    for holder in (error, response):
        if asked is None and holder is not None:
            get = _read(_read(holder, "headers"), "get")
            asked = _called(get, "Retry-After") if callable(get) else None
    return seconds(asked)


def seconds(value: Any) -> float | None:
    """Return a wait in seconds: a number from 0 to one year, or the text of one. None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        wait = float(value)
    except (ValueError, OverflowError):
        return None
    return min(wait, _LONGEST_WAIT_S) if isfinite(wait) and wait >= 0 else None


def number(value: Any) -> int | None:
    """Return a whole number, or the one that a text spells. None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return None
    return None


def _read(holder: Any, name: str) -> Any:
    try:
        return getattr(holder, name, None)
    except Exception:  # noqa: BLE001 - an attribute that cannot be read is not there
        return None


def _called(get: Any, name: str) -> Any:
    try:
        return get(name)
    except Exception:  # noqa: BLE001 - headers that cannot be read are not there
        return None


def _text(error: BaseException) -> str:
    try:
        return str(error)[:MAX_TEXT]
    except Exception:  # noqa: BLE001 - a text that cannot be made is not there
        return ""
