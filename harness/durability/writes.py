"""Plain writes as a guard makes them, and how many of the acknowledged ones are there. Counts, and judges nothing.

Each is a claim: SET with NX and a TTL. They show what the server keeps, whatever the guard makes of it. A write is
acknowledged when the server answered OK and, where the guard waits for confirmation, WAITAOF or WAIT confirmed it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis

from harness import clock
from verify.durability.cell import Append, Confirm

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.durability.deployment import Deployment
    from harness.redis_server.server import RedisServer
    from verify.durability.cell import Configuration

_TTL_S = 3600


class PlainWrites:
    """The plain writes of one cell.

    Attributes:
        acknowledged: Names of the acknowledged ones.
        sizes: When the append-only file had how many bytes, in ns and bytes; empty where there is none.
        fsynced_bytes: How much of it WAITAOF has confirmed, 0 where nobody asked or the server knows no WAITAOF.
    """

    def __init__(self, deployment: Deployment, configuration: Configuration) -> None:
        """Write to the primary of *deployment*; nothing is written yet."""
        self._server = deployment.primary
        self._confirm = configuration.confirm
        self._replicas = configuration.wait_replicas
        self._has_file = deployment.append is not Append.OFF
        self.acknowledged: list[str] = []
        self.sizes: list[tuple[int, int]] = []
        self.fsynced_bytes = 0
        self._is_fsynced = False

    def note_size(self) -> None:
        """Note how long the append-only file is now."""
        if self._has_file:
            self.sizes.append((clock.elapsed_ns(), self._size()))

    def note_confirmed(self) -> None:
        """Note how far the append-only file is fsynced, once all who wrote have heard what they waited for."""
        if self._is_fsynced:
            self.fsynced_bytes = self._size()

    def write(self, names: list[str], *, wait_ms: int) -> None:
        """Write all *names*, then wait once for the confirmation of all of them, *wait_ms* milliseconds at most."""
        with self._server.client(timeout_s=wait_ms / 1000 + 5) as client:
            answered = []
            for name in names:
                try:
                    if client.set(name, "claimed", nx=True, ex=_TTL_S):
                        answered.append(name)
                except redis.ResponseError:
                    continue
                self.note_size()
            if answered and self._is_confirmed(client, wait_ms):
                self.acknowledged += answered

    def kept(self, survivor: RedisServer) -> int:
        """Return how many of the acknowledged writes *survivor* has."""
        with survivor.client() as client:
            return sum(client.exists(name) for name in self.acknowledged)

    def _size(self) -> int:
        return self._server.append_only_file().stat().st_size

    def _is_confirmed(self, client: redis.Redis, wait_ms: int) -> bool:
        self._is_fsynced = False
        if self._confirm is Confirm.NOTHING:
            return True
        if self._has_file:
            ask: Callable[..., Any] = client.execute_command
            try:
                local, copies = ask("WAITAOF", 1, self._replicas, wait_ms)
            except redis.ResponseError:
                # A server before 7.2: its replicas alone can confirm, as the guard asks them there.
                pass
            else:
                self._is_fsynced = local >= 1 and copies >= self._replicas
                return self._is_fsynced
        return self._replicas > 0 and bool(client.wait(self._replicas, wait_ms) >= self._replicas)


def names_of(cell: int, half: int, count: int) -> list[str]:
    """Return the names of the plain writes of one half of a cell."""
    return [f"plain:{cell}:{half}:{n}" for n in range(count)]
