"""The harness's end of the line protocol: one JSON object a line."""

from __future__ import annotations

import json
import os
from collections import deque
from typing import Any

from harness.hosts.line_forms import complaint

_SHOWN = 80
_ENCODER = json.JSONEncoder(separators=(",", ":"))


class LinesError(Exception):
    """What came is no line of the protocol, or nothing will come any more; the text says which."""


class Lines:
    """Says and hears messages on two descriptors, which may be the same."""

    def __init__(self, incoming: int, outgoing: int, *, trusts: bool) -> None:
        """Read *incoming* and write to *outgoing*.

        Args:
            incoming: A descriptor.
            outgoing: A descriptor.
            trusts: Whether our own host speaks, which knows more words than the documented ones.
        """
        self._trusts = trusts
        self.incoming = incoming
        self._outgoing = outgoing
        self._rest = b""
        self._heard: deque[dict[str, Any]] = deque()

    def say(self, **message: Any) -> None:
        """Write one message.

        Raises:
            LinesError: Nobody reads it.
        """
        data = _ENCODER.encode(message).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._outgoing, data) :]
        except OSError as error:
            raise LinesError("ended by itself") from error

    def feed(self) -> None:
        """Read what has come; waits where nothing has.

        Raises:
            LinesError: It is no line of the protocol, or the end.
        """
        try:
            data = os.read(self.incoming, 65536)
        except OSError as error:
            raise LinesError("ended by itself") from error
        if not data:
            raise LinesError("ended by itself")
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._heard.append(self._message(line))

    def pop(self) -> dict[str, Any] | None:
        """Return the next message that has come; None where there is none."""
        return self._heard.popleft() if self._heard else None

    @property
    def is_empty(self) -> bool:
        """Whether no message has come that nobody has taken."""
        return not self._heard

    def take(self, what: str) -> dict[str, Any] | None:
        """Return the first message of one kind that has come, and forget the others of it; None if none has."""
        taken = [message for message in self._heard if message["say"] == what]
        self._heard = deque(message for message in self._heard if message["say"] != what)
        return taken[0] if taken else None

    def close(self) -> None:
        """Close the descriptors."""
        for descriptor in {self.incoming, self._outgoing}:
            os.close(descriptor)

    def _message(self, line: bytes) -> dict[str, Any]:
        try:
            message = json.loads(line)
        except ValueError:
            raise LinesError(f"wrote {_shown(line)} to its standard output, which is no line of JSON") from None
        wrong = None if self._trusts else complaint(message)
        if wrong is not None or not isinstance(message, dict):
            raise LinesError(f"wrote {_shown(line)} to its standard output, which {wrong or 'is no object'}")
        return message


def _shown(line: bytes) -> str:
    return repr(line[:_SHOWN].decode("utf-8", "backslashreplace"))
