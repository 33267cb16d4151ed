"""A primary and its replicas, set up as one configuration of the lattice says. Leaves nothing behind.

The ways to the replicas are in our hands: what the primary writes reaches them while somebody lets it through.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from harness.redis_server.redis_py import info
from harness.redis_server.replication_link import PAIR_CONFIG, ReplicationLink
from harness.redis_server.server import RedisServer
from verify.durability.cell import Append, Save

if TYPE_CHECKING:
    from harness.redis_server.binary import ServerBinary
    from verify.durability.cell import Configuration

LIMIT_BYTES = 6 * 1024 * 1024
"""The memory limit where there is one: five times what an empty server takes."""

_SAVE_POINTS = "3600 1"
"""One that is not reached by itself within a cell: the cell says when it is reached."""


class Deployment:
    """The servers of one cell, as a context manager.

    Attributes:
        primary: Where writes go at first.
        survivor: Where they go after the crash: the same, or a promoted replica.
        append: How the append-only file is written.
    """

    def __init__(self, configuration: Configuration, binary: ServerBinary) -> None:
        """Describe the servers; nothing runs before the block is entered."""
        has_file = configuration.append is not Append.OFF
        self.append = configuration.append
        self._binary = binary
        self._fsync = configuration.append.value if has_file else "no"
        self._config = {
            **PAIR_CONFIG,
            "auto-aof-rewrite-percentage": "0",
            "save": _SAVE_POINTS if configuration.save is Save.POINTS else '""',
            "maxmemory-policy": configuration.policy,
            "maxmemory": str(LIMIT_BYTES if configuration.limited else 0),
        }
        minimum = {"min-replicas-to-write": str(configuration.min_replicas)}
        self.primary = self._server({**self._config, **minimum}, appendonly=has_file)
        self.survivor = self.primary
        self._replicas = [self._server(self._config, appendonly=has_file) for _ in range(configuration.replicas)]
        self._links: list[ReplicationLink] = []
        self._silent: list[ReplicationLink] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Start all, and return when every replica has all of the primary.

        Raises:
            RedisUnavailableError: One does not start, or does not come into sync. Nothing is left behind.
        """
        with ExitStack() as opening:
            opening.enter_context(self.primary)
            for replica in self._replicas:
                opening.enter_context(replica)
                self._links.append(opening.enter_context(ReplicationLink(self.primary, replica)))
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def pass_on(self) -> None:
        """Let through what is on its way to and from the replicas, but for one that was silenced."""
        for link in self._links:
            if link not in self._silent:
                link.pass_on()

    def silence(self) -> None:
        """Hold back all that goes to and from the first replica from now on, as a network that drops packets does.

        Raises:
            RedisUnavailableError: The replica does not take what was written until now.
        """
        self._silent = self._links[:1]
        for link in self._silent:
            link.let_through(link.written())

    def fail_over(self) -> str:
        """Kill the primary, promote the first replica; return the run id of who answers now.

        Raises:
            RedisUnavailableError: It does not take over.
        """
        self.primary.kill()
        self._links[0].promote()
        self.survivor = self._replicas[0]
        return run_id(self.survivor)

    def heal(self) -> None:
        """Let the survivor take writes again, as an operator does: no minimum of replicas, room in the memory."""
        with self.survivor.client() as client:
            client.config_set("min-replicas-to-write", "0")
            client.config_set("maxmemory", "0")

    def _server(self, config: dict[str, str], *, appendonly: bool) -> RedisServer:
        return RedisServer(binary=self._binary, appendonly=appendonly, appendfsync=self._fsync, config=config)


def run_id(server: RedisServer) -> str:
    """Return the run id, which changes with every start."""
    with server.client() as client:
        return str(info(client, "server")["run_id"])
