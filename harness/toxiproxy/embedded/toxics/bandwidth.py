"""The toxic ``bandwidth``: so many bytes a second pass, and not more. With rate 0 none does, until it is removed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.toxiproxy.embedded.pipe import Chunk
from harness.toxiproxy.embedded.toxics.toxic import ByteToxic

if TYPE_CHECKING:
    from harness.toxiproxy.embedded.stub import Stub

_SLICE_S = 0.1


@dataclass(frozen=True)
class Bandwidth(ByteToxic):
    """A rate.

    Attributes:
        rate: Kilobytes (1,000 bytes) a second.
    """

    TYPE: ClassVar[str] = "bandwidth"
    GO_NAME: ClassVar[str] = "BandwidthToxic"

    rate: int = 0

    async def pipe(self, stub: Stub) -> None:
        """Let a chunk pass when its bytes are due; a long one passes in slices of a tenth of a second."""
        due_s = 0.0
        while (chunk := await stub.read()) is not None:
            rest = chunk.data
            try:
                if self.rate <= 0:
                    await asyncio.get_running_loop().create_future()
                due_s = max(due_s, stub.now_s())
                while len(rest) > self._slice:
                    due_s += _SLICE_S
                    await asyncio.sleep(due_s - stub.now_s())
                    stub.write(Chunk(rest[: self._slice], chunk.arrived_s))
                    rest = rest[self._slice :]
                    await stub.output.room()
                due_s += len(rest) / (self.rate * 1000)
                await asyncio.sleep(due_s - stub.now_s())
            except asyncio.CancelledError:
                stub.write(Chunk(rest, chunk.arrived_s))
                raise
            stub.write(Chunk(rest, chunk.arrived_s))
        stub.close()

    @property
    def _slice(self) -> int:
        return self.rate * 100
