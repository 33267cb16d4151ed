"""The toxic ``slow_close``: bytes pass at once, the end of the connection comes later."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.toxiproxy.embedded.toxics.toxic import ByteToxic

if TYPE_CHECKING:
    from harness.toxiproxy.embedded.stub import Stub


@dataclass(frozen=True)
class SlowClose(ByteToxic):
    """A delay of the end.

    Attributes:
        delay: Milliseconds.
    """

    TYPE: ClassVar[str] = "slow_close"
    GO_NAME: ClassVar[str] = "SlowCloseToxic"

    delay: int = 0

    async def pipe(self, stub: Stub) -> None:
        """Delay the end only."""
        while (chunk := await stub.read()) is not None:
            stub.write(chunk)
        await asyncio.sleep(self.delay / 1000)
        stub.close()
