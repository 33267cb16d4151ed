"""RESP on the client's side: requests cut out of the bytes a client sends, replies described in a word.

Parses only; it never touches a socket.
"""

from __future__ import annotations

from dataclasses import dataclass

import hiredis


class MalformedRequestError(ValueError):
    """A client sent bytes that are no RESP request."""


@dataclass(frozen=True, slots=True)
class Request:
    """One command: its words, and the bytes that carry it."""

    words: list[bytes]
    raw: bytes

    @property
    def name(self) -> str:
        """The command's name in capitals."""
        return self.words[0].upper().decode("ascii", "replace")


class RequestReader:
    """Cuts requests out of a byte stream; keeps an incomplete tail until more bytes come."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Request]:
        """Return the requests that *data* completes.

        Raises:
            MalformedRequestError: The bytes are neither an array of bulk strings nor an inline command.
        """
        buffer = self._rest + data if self._rest else data
        requests: list[Request] = []
        at = 0
        while at < len(buffer):
            parsed = _parse(buffer, at)
            if parsed is None:
                break
            words, end = parsed
            if words:
                requests.append(Request(words, buffer[at:end]))
            at = end
        self._rest = buffer[at:]
        return requests


def _parse(buffer: bytes, at: int) -> tuple[list[bytes], int] | None:
    end = buffer.find(b"\r\n", at)
    if end < 0:
        return None
    if buffer[at : at + 1] != b"*":
        return buffer[at:end].split(), end + 2
    count = _number(buffer[at + 1 : end])
    words: list[bytes] = []
    at = end + 2
    for _ in range(count):
        end = buffer.find(b"\r\n", at)
        if end < 0:
            return None
        if buffer[at : at + 1] != b"$":
            raise MalformedRequestError(f"expected a bulk string, saw {buffer[at : at + 20]!r}")
        size = _number(buffer[at + 1 : end])
        start = end + 2
        if len(buffer) < start + size + 2:
            return None
        words.append(buffer[start : start + size])
        at = start + size + 2
    return words, at


def _number(text: bytes) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise MalformedRequestError(f"expected a length, saw {text[:20]!r}") from error


_SMALL = 16


def describe(reply: object) -> str:
    """Return a word for a reply that holds nothing random: no token, no time, no count above 16."""
    if reply is None:
        return "nil"
    if isinstance(reply, hiredis.ReplyError):
        return f"error {str(reply).split(' ', 1)[0]}"
    if isinstance(reply, bool):
        return str(reply).lower()
    if isinstance(reply, int):
        return str(reply) if abs(reply) < _SMALL else "int"
    if isinstance(reply, (bytes, str)):
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        return text if text in {"OK", "PONG", "QUEUED", ""} or (text.isupper() and text.isalpha()) else "string"
    if isinstance(reply, (list, tuple)):
        return f"[{', '.join(describe(item) for item in reply[:4])}{', ...' if len(reply) > 4 else ''}]"  # noqa: PLR2004
    return type(reply).__name__
