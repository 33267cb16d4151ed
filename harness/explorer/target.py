"""The Redis that an exploration runs on: one of our own, or somebody else's used with permission.

Of an external server nothing is ever flushed: exactly the keys that gated commands named are removed again.
"""

from __future__ import annotations

import importlib.util
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.errors import WrongInputError
from harness.processes.faked_clock import find_library
from harness.redis_server.choice import EmbeddedChoice
from harness.redis_server.errors import ClockUnavailableError
from harness.redis_server.external import ExternalRedis
from harness.redis_server.server import RedisServer
from verify.history.record import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from harness.redis_server.binary import ServerBinary
    from harness.redis_server.choice import RedisChoice


class Target:
    """A running server as an exploration sees it.

    Attributes:
        url: Where it is.
        identity: What the record says of it.
        keys: Keys that were named on an external server; None on one of our own.
    """

    def __init__(self, server: RedisServer | ExternalRedis, choice: str) -> None:
        self._server = server
        self.url = server.url
        seen = server.identity()
        self.identity = Server(name=seen.name, version=seen.version, sha256=seen.sha256 or "", choice=choice)
        self.keys: set[bytes] | None = set() if isinstance(server, ExternalRedis) else None

    @property
    def has_clock(self) -> bool:
        """Whether time can be moved."""
        return self._server.has_clock

    @property
    def moved_s(self) -> float:
        """How far its clock was moved, by whomever has used it, in seconds."""
        return self._server.moved_s if isinstance(self._server, RedisServer) else 0.0

    @property
    def is_ours(self) -> bool:
        """Whether the server is our own, to be killed at will."""
        return isinstance(self._server, RedisServer)

    @property
    def binary(self) -> ServerBinary:
        """The binary of our own server.

        Raises:
            TypeError: The server is not ours.
        """
        if not isinstance(self._server, RedisServer):
            raise TypeError("the binary of an external server is not known")
        return self._server.binary

    @property
    def pid(self) -> int | None:
        """Process id of our own server; None of an external one."""
        return self._server.pid if isinstance(self._server, RedisServer) else None

    def client(self) -> redis.Redis:
        """Return a client without retries."""
        return self._server.client()

    def advance(self, seconds: float) -> None:
        """Move the server's clock and see it move.

        Raises:
            ClockUnavailableError: It cannot be moved.
        """
        if not isinstance(self._server, RedisServer):
            raise ClockUnavailableError("nobody moves the clock of an external server")
        self._server.advance(seconds)

    def clear(self) -> None:
        """Empty our own server; remove the keys of this run from an external one."""
        if self.keys is None:
            with self.client() as client:
                client.flushall()
        elif isinstance(self._server, ExternalRedis):
            self._server.remove_keys(self.keys)
            self.keys.clear()


def clock_is_installed() -> bool:
    """Say whether both halves of the extra `clock` are there: the servers' and the clients'."""
    return find_library() is not None and importlib.util.find_spec("time_machine") is not None


@contextmanager
def open_target(choice: RedisChoice) -> Iterator[Target]:
    """Start or reach the server of *choice*; afterwards ours is gone and an external one is as before.

    Raises:
        RedisUnavailableError: It does not start or answer.
        WrongInputError: It wants TLS, through which no gate can see.
    """
    if isinstance(choice, EmbeddedChoice):
        clock = clock_is_installed() and choice.binary.takes_clock
        with RedisServer(binary=choice.binary, controlled_clock=clock) as server:
            yield Target(server, choice.text)
        return
    if choice.url.startswith("rediss:"):
        raise WrongInputError("the explorer holds connections without TLS; expected redis:// or unix:// in --redis")
    with ExternalRedis(choice.url, shown=choice.text) as external:
        target = Target(external, choice.text)
        try:
            yield target
        finally:
            target.clear()
