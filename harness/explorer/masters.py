"""The servers of a subject that asks several: all but the first, which is the server of the exploration.

They are shared by the schedules that run on one rig, each of which has keys of its own there.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from harness.errors import CouldNotRunError
from harness.explorer.gate.wire import WirePool
from harness.redis_server.server import RedisServer

if TYPE_CHECKING:
    from harness.explorer.target import Target


class OtherMasters:
    """Embedded servers, empty and alone. As a context manager it leaves nothing behind.

    Attributes:
        servers: They, in order.
        pools: Wires to them, in order.
    """

    def __init__(self, target: Target, count: int) -> None:
        """Describe *count* servers like that of *target*.

        Raises:
            CouldNotRunError: That is no embedded one.
        """
        if count and not target.can_be_lost:
            raise CouldNotRunError(
                f"the subject asks {count + 1} masters, which must be embedded servers; expected --redis embedded"
            )
        self._target = target
        self._count = count
        self.servers: list[RedisServer] = []
        self._at_s = 0.0
        self._stack = ExitStack()
        self.pools: tuple[WirePool, ...] = ()

    def __enter__(self) -> Self:
        with self._stack:
            for _ in range(self._count):
                server = RedisServer(binary=self._target.binary, controlled_clock=self._target.has_clock)
                self.servers.append(self._stack.enter_context(server))
                pool = WirePool.to(server.url)
                self._stack.callback(pool.close)
                self.pools += (pool,)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def move_clock(self, now_s: float) -> None:
        """Let their clocks show how far time has jumped."""
        if self._target.has_clock and now_s > self._at_s:
            for server in self.servers:
                server.advance(now_s - self._at_s)
            self._at_s = now_s

    def clear(self) -> None:
        """Empty them."""
        for pool in self.pools:
            pool.ask(b"FLUSHALL")
            pool.recount()
