"""The Redis that an exploration runs on: one of our own, or somebody else's used with permission.

Of an external server nothing is ever flushed: exactly the keys that gated commands named are removed again.
"""

from __future__ import annotations

import importlib.util
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.errors import WrongInputError
from harness.processes.faked_clock import find_library
from harness.redis_server.choice import ExternalChoice
from harness.redis_server.errors import ClockUnavailableError
from harness.redis_server.external import ExternalRedis
from harness.redis_server.opening import open_owned
from harness.redis_server.server import RedisServer
from verify.history.record import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from harness.redis_server.binary import ServerBinary
    from harness.redis_server.choice import RedisChoice
    from harness.redis_server.owned import OwnedServer


class Target:
    """A running server as an exploration sees it.

    Attributes:
        url: Where it is.
        identity: What the record says of it.
        keys: Keys that were named on an external server; None on one of our own.
    """

    def __init__(self, server: OwnedServer | ExternalRedis, choice: str) -> None:
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
        return 0.0 if isinstance(self._server, ExternalRedis) else self._server.moved_s

    @property
    def is_ours(self) -> bool:
        """Whether the server is our own, to be emptied at will."""
        return not isinstance(self._server, ExternalRedis)

    @property
    def can_be_lost(self) -> bool:
        """Whether servers like it can lose their last writes: their files are in our hands."""
        return isinstance(self._server, RedisServer)

    @property
    def binary(self) -> ServerBinary:
        """The binary of an embedded server.

        Raises:
            TypeError: The server is not embedded.
        """
        if not isinstance(self._server, RedisServer):
            raise TypeError("only an embedded server's binary is known")
        return self._server.binary

    @property
    def pid(self) -> int | None:
        """Process id of an embedded server; None of any other one."""
        return self._server.pid if isinstance(self._server, RedisServer) else None

    def client(self) -> redis.Redis:
        """Return a client without retries."""
        return self._server.client()

    def advance(self, seconds: float) -> None:
        """Move the server's clock and see it move.

        Raises:
            ClockUnavailableError: It cannot be moved.
        """
        if isinstance(self._server, ExternalRedis):
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
        ContainersUnavailableError: It is to run in a container, and no engine answers or the image is not to be had.
        WrongInputError: It wants TLS, through which no gate can see.
    """
    if not isinstance(choice, ExternalChoice):
        with open_owned(choice, controlled_clock=clock_is_installed()) as server:
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
