"""The toxic ``latency``: each chunk goes out so long after it came in. Their order stays."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.toxiproxy.embedded.pipe import Chunk
from harness.toxiproxy.embedded.toxics.toxic import ByteToxic

if TYPE_CHECKING:
    from harness.toxiproxy.embedded.stub import Stub


@dataclass(frozen=True)
class Latency(ByteToxic):
    """A delay.

    Attributes:
        latency: Milliseconds.
        jitter: Milliseconds by which each delay is longer or shorter at most, drawn evenly.
    """

    TYPE: ClassVar[str] = "latency"
    GO_NAME: ClassVar[str] = "LatencyToxic"
    BUFFER: ClassVar[int] = 1024

    latency: int = 0
    jitter: int = 0

    async def pipe(self, stub: Stub) -> None:
        """Delay each chunk; an interruption lets the one that is held pass at once."""
        while (chunk := await stub.read()) is not None:
            due_s = chunk.arrived_s + self._delay_s(stub)
            try:
                await asyncio.sleep(due_s - stub.now_s())
            except asyncio.CancelledError:
                stub.write(chunk)
                raise
            # A second latency behind this one counts from when the chunk was due here.
            stub.write(Chunk(chunk.data, due_s))
        stub.close()

    def _delay_s(self, stub: Stub) -> float:
        spread = stub.random.randrange(self.jitter * 2) - self.jitter if self.jitter > 0 else 0
        return (self.latency + spread) / 1000
