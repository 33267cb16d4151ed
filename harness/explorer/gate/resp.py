"""RESP on the client's side: requests cut out of the bytes a client sends, replies described in a word.

Parses only; it never touches a socket.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import hiredis


class MalformedRequestError(ValueError):
    """A client sent bytes that are no RESP request."""


@dataclass(slots=True)
class Request:
    """One command: its words, and the bytes that carry it. Must never be changed."""

    words: list[bytes]
    raw: bytes

    @property
    def name(self) -> str:
        """The command's name in capitals."""
        return name_of(self.words[0])


class RequestReader:
    """Cuts requests out of a byte stream; keeps an incomplete tail until more bytes come."""

    def __init__(self) -> None:
        self._rest = b""
        self._whole = hiredis.Reader()

    @property
    def is_between_requests(self) -> bool:
        """Whether no request has come in part."""
        return not self._rest

    def feed(self, data: bytes) -> list[Request]:
        """Return the requests that *data* completes.

        Raises:
            MalformedRequestError: The bytes are neither an array of bulk strings nor an inline command.
        """
        if not self._rest:
            # It mostly is one request. The reader stands for replies, of which requests are one form: what is packed
            # again shows whether it was that form, and all of it.
            self._whole.feed(data)
            try:
                words = self._whole.gets()
                if type(words) is list and words and hiredis.pack_command(tuple(words)) == data:
                    return [Request(words, data)]
            except (hiredis.HiredisError, TypeError):
                # Something else, or words that are no bulk strings.
                pass
            self._whole = hiredis.Reader()
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


@functools.lru_cache(maxsize=1024)
def name_of(word: bytes) -> str:
    """Return the name of the command that a request's first word stands for: in capitals."""
    return word.upper().decode("ascii", "replace")


def packed(*words: bytes) -> bytes:
    """Return a request."""
    return b"*%d\r\n%b" % (len(words), b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words))


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
        if buffer[start + size : start + size + 2] != b"\r\n":
            raise MalformedRequestError(f"expected the end of a bulk string of {size} bytes")
        words.append(buffer[start : start + size])
        at = start + size + 2
    return words, at


def _number(text: bytes) -> int:
    if not text.isdigit():
        raise MalformedRequestError(f"expected a length, saw {text[:20]!r}")
    return int(text)


_SMALL = 16
_SHOWN = 4


def describe(reply: object) -> str:
    """Return a word for a reply that holds nothing random: no token, no time, no count above 16."""
    match reply:
        case None:
            word = "nil"
        case hiredis.ReplyError():
            word = f"error {str(reply).split(' ', 1)[0]}"
        case bool():
            word = str(reply).lower()
        case int():
            word = str(reply) if abs(reply) < _SMALL else "int"
        case bytes():
            word = _describe_text(reply.decode("utf-8", "replace"))
        case str():
            word = _describe_text(reply)
        case list():
            more = ", ..." if len(reply) > _SHOWN else ""
            word = f"[{', '.join(describe(item) for item in reply[:_SHOWN])}{more}]"
        case _:
            word = type(reply).__name__
    return word


def _describe_text(text: str) -> str:
    is_status = text.isascii() and text.isupper() and text.isalpha()
    return text if is_status or not text else "string"
