"""Reads one JSON value as Go's decoder does, with its error texts. Decides nothing about what the value means.

Clients of Toxiproxy meet these texts, so a client written for the real server reads the embedded one's errors too.
What follows the first value is ignored, as there.
"""

from __future__ import annotations

import json
import re
from typing import Any

_SPACE = " \t\r\n"
_LITERALS = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_CONTROL = 0x20
_HEX = "0123456789abcdefABCDEF"
_ASCII = 0x80
_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 92: "\\\\"}
_KEY = "looking for beginning of object key string"


class Number(str):
    """A number as it was written: what Go says of a bad one repeats it."""

    __slots__ = ()


class BadJsonError(ValueError):
    """The text is no JSON; the message is Go's."""


def scan(body: bytes) -> Any:
    """Return the first value in *body*; numbers come as :class:`Number`.

    Raises:
        BadJsonError: There is none.
    """
    scanner = _Scanner(body.decode("utf-8", "surrogateescape"))
    if not scanner.skip():
        raise BadJsonError("EOF")
    return scanner.value()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def skip(self) -> bool:
        """Pass over white space; return whether anything is left."""
        while self._at < len(self._text) and self._text[self._at] in _SPACE:
            self._at += 1
        return self._at < len(self._text)

    def value(self) -> Any:
        first = self._next()
        if first == "{":
            return self._object()
        if first == "[":
            return self._array()
        if first == '"':
            return self._string()
        if first in _LITERALS:
            return self._literal(*_LITERALS[first])
        if first == "-" or first.isdigit():
            return self._number()
        raise self._refused("looking for beginning of value")

    def _next(self) -> str:
        """Return the next character that is no white space, without passing it."""
        if not self.skip():
            raise BadJsonError("unexpected EOF")
        return self._text[self._at]

    def _here(self) -> str:
        if self._at >= len(self._text):
            raise BadJsonError("unexpected EOF")
        return self._text[self._at]

    def _refused(self, where: str) -> BadJsonError:
        return BadJsonError(f"invalid character {_quoted(self._text[self._at])} {where}")

    def _object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._at += 1
        if self._next() == "}":
            self._at += 1
            return found
        while True:
            if self._next() != '"':
                raise self._refused(_KEY)
            key = self._string()
            if self._next() != ":":
                raise self._refused("after object key")
            self._at += 1
            found[key] = self.value()
            if self._ends("}", "after object key:value pair"):
                return found

    def _array(self) -> list[Any]:
        found: list[Any] = []
        self._at += 1
        if self._next() == "]":
            self._at += 1
            return found
        while True:
            found.append(self.value())
            if self._ends("]", "after array element"):
                return found

    def _ends(self, end: str, where: str) -> bool:
        mark = self._next()
        if mark not in {",", end}:
            raise self._refused(where)
        self._at += 1
        return mark == end

    def _literal(self, word: str, meaning: object) -> Any:
        for expected in word:
            if self._here() != expected:
                raise self._refused(f"in literal {word} (expecting '{expected}')")
            self._at += 1
        return meaning

    def _number(self) -> Number:
        found = _NUMBER.match(self._text, self._at)
        if found is None:
            self._at += 1
            self._here()
            raise self._refused("in numeric literal")
        self._at = found.end()
        rest = self._text[self._at : self._at + 1]
        if rest == "." and "." not in found[0]:
            where = "after decimal point in numeric literal"
        elif rest in {"e", "E"}:
            where = "in exponent of numeric literal"
            self._at += self._text[self._at + 1 : self._at + 2] in {"+", "-"}
        else:
            return Number(found[0])
        self._at += 1
        self._here()
        raise self._refused(where)

    def _string(self) -> str:
        start = self._at
        self._at += 1
        while (mark := self._here()) != '"':
            if ord(mark) < _CONTROL:
                raise self._refused("in string literal")
            self._at += 1
            if mark == "\\":
                self._escape()
        self._at += 1
        raw = self._text[start : self._at].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return str(json.loads(raw))

    def _escape(self) -> None:
        mark = self._here()
        if mark not in '"\\/bfnrtu':
            raise self._refused("in string escape code")
        self._at += 1
        for _ in range(4 if mark == "u" else 0):
            if self._here() not in _HEX:
                raise self._refused("in \\u hexadecimal character escape")
            self._at += 1


def _quoted(mark: str) -> str:
    """Return *mark* as Go quotes one byte."""
    if mark == "'":
        return "'\\''"
    byte = mark.encode("utf-8", "surrogateescape")[0]
    if byte in _ESCAPES:
        return f"'{_ESCAPES[byte]}'"
    shown = chr(byte)
    if shown.isprintable():
        return f"'{shown}'"
    return f"'\\x{byte:02x}'" if byte < _ASCII else f"'\\u{byte:04x}'"
