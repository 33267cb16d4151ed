"""What these tests use of the server that the root fixture offers, as a type. Starts nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

import pytest

if TYPE_CHECKING:
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
    made: Server = kind(controlled_clock=server.has_clock, **options)
    return made
