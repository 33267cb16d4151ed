"""The process's end of the line protocol: one JSON object a line, on descriptors that the subject cannot reach."""

from __future__ import annotations

import json
import os
from typing import Any

_ENCODER = json.JSONEncoder(separators=(",", ":"), default=lambda odd: f"<{type(odd).__name__}>")


class Ended(SystemExit):
    """Nobody is there any more; a subject's own handlers and an event loop let it pass."""


class Lines:
    """Says and hears messages."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        """Take two descriptors, which may be the same."""
        self.incoming = incoming
        self._outgoing = outgoing
        self._rest = b""

    @classmethod
    def of_this_process(cls) -> Lines:
        """Take stdin and stdout away: what the subject prints goes to stderr."""
        lines = cls(os.dup(0), os.dup(1))
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        return lines

    def say(self, what: str, **more: Any) -> None:
        """Write one message."""
        data = _ENCODER.encode({"say": what, **more}).encode() + b"\n"
        while data:
            data = data[os.write(self._outgoing, data) :]

    def hear(self) -> dict[str, Any]:
        """Return the next message.

        Raises:
            Ended: There will be none.
        """
        while b"\n" not in self._rest:
            data = os.read(self.incoming, 65536)
            if not data:
                raise Ended
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        """Close the descriptors."""
        for descriptor in {self.incoming, self._outgoing}:
            os.close(descriptor)
