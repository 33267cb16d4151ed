"""The toxic ``limit_data``: so many bytes pass, then the connection is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.toxiproxy.embedded.pipe import Chunk
from harness.toxiproxy.embedded.toxics.toxic import ByteToxic

if TYPE_CHECKING:
    from harness.toxiproxy.embedded.stub import Stub


@dataclass(frozen=True)
class LimitData(ByteToxic):
    """A number of bytes.

    Attributes:
        bytes: How many pass on each connection; what passed before a change of the toxic counts.
    """

    TYPE: ClassVar[str] = "limit_data"
    GO_NAME: ClassVar[str] = "LimitDataToxic"

    bytes: int = 0

    async def pipe(self, stub: Stub) -> None:
        """Let the bytes pass, then close; a chunk that crosses the limit is cut."""
        while (chunk := await stub.read()) is not None:
            passing = chunk.data[: max(0, self.bytes - stub.passed)]
            if passing:
                stub.write(Chunk(passing, chunk.arrived_s))
            if stub.passed >= self.bytes:
                break
        stub.close()
