"""The harness's end of the line protocol: one JSON object a line."""

from __future__ import annotations

import json
import os
from collections import deque
from typing import Any

_SHOWN = 80


class LinesError(Exception):
    """What came is no line of the protocol, or nothing will come any more; the text says which."""


class Lines:
    """Says and hears messages on two descriptors, which may be the same."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self.incoming = incoming
        self._outgoing = outgoing
        self._rest = b""
        self._heard: deque[dict[str, Any]] = deque()

    def say(self, **message: Any) -> None:
        """Write one message.

        Raises:
            LinesError: Nobody reads it.
        """
        data = json.dumps(message, separators=(",", ":")).encode() + b"\n"
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
            self._heard.append(_message(line))

    def pop(self) -> dict[str, Any] | None:
        """Return the next message that has come; None where there is none."""
        return self._heard.popleft() if self._heard else None

    def drop(self, what: str) -> bool:
        """Forget the messages of one kind that have come; say whether there were any."""
        kept = deque(message for message in self._heard if message["say"] != what)
        dropped = len(kept) < len(self._heard)
        self._heard = kept
        return dropped

    def close(self) -> None:
        """Close the descriptors."""
        for descriptor in {self.incoming, self._outgoing}:
            os.close(descriptor)


def _message(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict) or not isinstance(message.get("say"), str):
        shown = line[:_SHOWN].decode("utf-8", "backslashreplace")
        raise LinesError(f"wrote {shown!r} to its standard output, which is no message of the line protocol")
    return message
