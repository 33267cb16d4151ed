"""What every topology is: servers of one provider that start together, are told apart, and leave nothing behind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import TYPE_CHECKING, ClassVar, Self

from harness.redis_server.opening import make_owned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.redis_server.choice import OwnedChoice
    from harness.redis_server.identity import ServerIdentity
    from harness.redis_server.owned import OwnedServer


class Topology(ABC):
    """Servers that belong together, as a context manager or by :meth:`start` and :meth:`stop`.

    Attributes:
        NAME: How it is called.
        WHAT: What it is, in a sentence without a full stop.
        servers: Those that hold data; the first one is the primary at the start.
    """

    NAME: ClassVar[str]
    WHAT: ClassVar[str]

    def __init__(self, choice: OwnedChoice, *, appendonly: bool = False) -> None:
        """Describe it; nothing runs before :meth:`start`.

        Args:
            choice: What its servers are.
            appendonly: Whether their writes survive a kill and a restart.
        """
        self._choice = choice
        self._appendonly = appendonly
        self._started: list[OwnedServer] = []
        self.servers: tuple[OwnedServer, ...] = ()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start every server and return when they stand together.

        Raises:
            RedisUnavailableError: One did not start, or they did not find each other. Nothing is left behind.
            ContainersUnavailableError: No engine answers, or the image is not to be had.
        """
        with ExitStack() as on_failure:
            on_failure.callback(self.stop)
            self._stand()
            on_failure.pop_all()
        return self

    def stop(self) -> None:
        """Stop every server, the last one first, and each even if another one cannot be. May be called twice."""
        self.servers = ()
        with ExitStack() as stack:
            while self._started:
                stack.callback(self._started.pop(0).stop)

    @property
    def urls(self) -> tuple[str, ...]:
        """Where the servers that hold data are."""
        return tuple(server.url for server in self.servers)

    def identities(self) -> tuple[ServerIdentity, ...]:
        """Return what the report says of each server that holds data; all of them must run."""
        return tuple(server.identity() for server in self.servers)

    @abstractmethod
    def _stand(self) -> None:
        """Start the servers, and let them find each other."""

    def _made(
        self,
        count: int,
        config: Mapping[str, str] | None = None,
        *,
        arguments: Sequence[str] = (),
        controlled_clock: bool = False,
    ) -> tuple[OwnedServer, ...]:
        """Start *count* servers that can reach each other on loopback; the arguments are those of ``make_owned``."""
        made = []
        for _ in range(count):
            server = make_owned(
                self._choice,
                appendonly=self._appendonly,
                config=config,
                arguments=arguments,
                controlled_clock=controlled_clock,
                in_host_network=True,
            )
            self._started.append(server)
            made.append(server.start())
        return tuple(made)
