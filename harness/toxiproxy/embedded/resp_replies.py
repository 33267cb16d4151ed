"""Where a server's replies end, in RESP2 and RESP3. Looks at bytes only; what a reply says is of no interest."""

from __future__ import annotations

_SIMPLE, _BULK, _LISTS, _MAP, _ATTRIBUTE = b"+-:_,#(", b"$=!", b"*~>", b"%", b"|"


class NotRespError(ValueError):
    """The bytes are no replies of a Redis server."""


def cut_replies(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the whole replies in *data*, and the rest that is not whole yet.

    Raises:
        NotRespError: *data* does not begin with a reply.
    """
    found: list[bytes] = []
    at = 0
    while at < len(data) and (end := _end(data, at)) is not None:
        found.append(data[at:end])
        at = end
    return found, data[at:]


def _end(data: bytes, at: int) -> int | None:
    """Return where the reply that begins at *at* ends; None where it is not whole."""
    missing = 1
    while missing:
        line_end = data.find(b"\r\n", at)
        if at >= len(data) or line_end < 0:
            return None
        mark = data[at : at + 1]
        if mark in _SIMPLE:
            missing -= 1
            at = line_end + 2
            continue
        size = _size(data[at + 1 : line_end])
        at = line_end + 2
        if mark in _BULK:
            missing -= 1
            at += size + 2 if size >= 0 else 0
        elif mark in _LISTS:
            missing += max(0, size) - 1
        elif mark in _MAP:
            missing += 2 * size - 1
        elif mark in _ATTRIBUTE:
            # It stands before the reply that it belongs to.
            missing += 2 * size
        else:
            raise NotRespError(f"expected a reply, saw {mark!r}")
        if at > len(data):
            return None
    return at


def _size(text: bytes) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise NotRespError(f"expected a length, saw {text[:20]!r}") from error
