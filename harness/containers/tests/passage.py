"""A passage to the container engine that a test can close: what a user sees whose engine vanishes."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

_PIECE = 65_536


class Passage:
    """Hands bytes from a socket of its own to the engine's, and back, until it is closed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "engine.sock"
        self._engine = urlsplit(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock").path
        self._ends: list[socket.socket] = []
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    @property
    def address(self) -> str:
        """A value for ``DOCKER_HOST``."""
        return f"unix://{self._path}"

    def __enter__(self) -> Self:
        self._door.bind(str(self._path))
        self._door.listen()
        threading.Thread(target=self._welcome, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Cut every connection, and let nobody in any more."""
        self._path.unlink(missing_ok=True)
        for end in [self._door, *self._ends]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _welcome(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                far.connect(self._engine)
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=(one, other), daemon=True).start()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while piece := one.recv(_PIECE):
            other.sendall(piece)
        other.shutdown(socket.SHUT_WR)
