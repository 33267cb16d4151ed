"""One toxic on one direction of one connection: what runs, where it reads, where it writes.

A toxic is interrupted by cancelling it; it then writes what it holds and ends, so that no byte is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from harness.toxiproxy.embedded.pipe import Chunk, Pipe, Sink
    from harness.toxiproxy.embedded.toxics.toxic import Settings


class Stub:
    """What a toxic works with.

    Attributes:
        input: Where chunks come from.
        output: Where they go; it changes when a toxic behind this one comes or goes.
        random: This stub's own draws.
        passed: Bytes that :meth:`write` has handed on; a toxic that counts goes on from here after a change.
        is_closed: Whether the toxic has ended the connection.
    """

    def __init__(self, source: Pipe, output: Sink, random: Random) -> None:
        self.input = source
        self.output = output
        self.random = random
        self.passed = 0
        self.is_closed = False
        self._task: asyncio.Task[None] | None = None

    async def read(self) -> Chunk | None:
        """Return the next chunk, None at the end, once there is room for it behind us."""
        await self.output.room()
        return await self.input.get()

    def write(self, chunk: Chunk) -> None:
        """Hand *chunk* on."""
        self.passed += len(chunk.data)
        self.output.put(chunk)

    def close(self) -> None:
        """End the connection in this direction; what was handed on still goes out."""
        self.is_closed = True
        self.output.close()

    def now_s(self) -> float:
        """Return the seconds of the clock that chunks carry."""
        return asyncio.get_running_loop().time()

    def strikes(self, toxicity: float) -> bool:
        """Toss the coin: whether a toxic of this toxicity is at work here."""
        return self.random.random() < toxicity

    def start(self, settings: Settings, *, strikes: bool) -> None:
        """Run the toxic, or let everything pass where the coin said so."""
        self._task = asyncio.get_running_loop().create_task(self._run(settings, strikes=strikes))

    async def interrupt(self) -> None:
        """Stop what runs; it has handed on what it held."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def stop(self) -> None:
        """Stop what runs without waiting: the connection is gone."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self, settings: Settings, *, strikes: bool) -> None:
        try:
            await (settings.pipe(self) if strikes else pass_on(self))
        except Exception:  # noqa: BLE001 - a toxic with a bug must not leave a connection that hangs
            traceback.print_exc()
            self.close()


async def pass_on(stub: Stub) -> None:
    """Let everything pass until the end."""
    while (chunk := await stub.read()) is not None:
        stub.write(chunk)
    stub.close()
