"""What the harness and a worker say to each other: JSON lines over a unix socket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

HELLO = "hello"
CALL = "call"
RECONCILE = "reconcile"
DONE = "done"
EVENT = "event"
BROKEN = "broken"


def send(link: socket.socket, message: dict[str, Any]) -> None:
    """Send one message, whole."""
    link.sendall(json.dumps(message, separators=(",", ":")).encode() + b"\n")


class Lines:
    """Cuts a byte stream into messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Yield the messages that *data* completes; half a message, as a killed worker leaves it, is kept back."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield json.loads(line)


def receive(link: socket.socket, lines: Lines) -> Iterator[dict[str, Any]]:
    """Yield messages until the other side is gone."""
    while data := link.recv(65536):
        yield from lines.feed(data)
