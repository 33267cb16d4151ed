"""The toxic ``slicer``: what came in one piece goes out in several, with a pause after each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.toxiproxy.embedded.pipe import Chunk
from harness.toxiproxy.embedded.toxics.toxic import ByteToxic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.toxiproxy.embedded.stub import Stub


@dataclass(frozen=True)
class Slicer(ByteToxic):
    """Sizes and a pause.

    Attributes:
        average_size: Bytes; less than 1 slices nothing (Toxiproxy 2.12 ends with a stack overflow there).
        size_variation: Bytes by which a piece is longer or shorter; less than the average.
        delay: Microseconds after each piece.
    """

    TYPE: ClassVar[str] = "slicer"
    GO_NAME: ClassVar[str] = "SlicerToxic"
    GO_INTEGER: ClassVar[str] = "int"

    average_size: int = 0
    size_variation: int = 0
    delay: int = 0

    async def pipe(self, stub: Stub) -> None:
        """Slice each chunk; an interruption lets the rest of it pass in one piece."""
        while (chunk := await stub.read()) is not None:
            for start, end in self.pieces(0, len(chunk.data), stub):
                stub.write(Chunk(chunk.data[start:end], chunk.arrived_s))
                try:
                    await stub.output.room()
                    await asyncio.sleep(self.delay / 1_000_000)
                except asyncio.CancelledError:
                    if end < len(chunk.data):
                        stub.write(Chunk(chunk.data[end:], chunk.arrived_s))
                    raise
        stub.close()

    def pieces(self, start: int, end: int, stub: Stub) -> Iterator[tuple[int, int]]:
        """Yield where the pieces of a chunk begin and end: it is halved until the halves are small enough."""
        size = end - start
        if size - self.average_size <= self.size_variation or self.average_size < 1 or size <= 1:
            yield start, end
            return
        middle = start + size // 2
        if self.size_variation > 0:
            middle += stub.random.randrange(self.size_variation * 2) - self.size_variation
        middle = min(max(middle, start + 1), end - 1)
        yield from self.pieces(start, middle, stub)
        yield from self.pieces(middle, end, stub)
