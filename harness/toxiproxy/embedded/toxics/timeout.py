"""The toxic ``timeout``: nothing passes, and the connection is closed after a while; with 0 it never is.

As in Toxiproxy each chunk that is thrown away starts the while anew, and removing the toxic closes the connection.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.toxiproxy.embedded.toxics.toxic import ByteToxic

if TYPE_CHECKING:
    from harness.toxiproxy.embedded.stub import Stub


@dataclass(frozen=True)
class Timeout(ByteToxic):
    """A black hole.

    Attributes:
        timeout: Milliseconds until the connection is closed; 0 keeps it open.
    """

    TYPE: ClassVar[str] = "timeout"
    GO_NAME: ClassVar[str] = "TimeoutToxic"
    CLOSES_ON_REMOVAL: ClassVar[bool] = True

    timeout: int = 0

    async def pipe(self, stub: Stub) -> None:
        """Throw everything away, then close."""
        limit_s = self.timeout / 1000 if self.timeout > 0 else None
        try:
            while await asyncio.wait_for(stub.read(), limit_s) is not None:
                pass
        except TimeoutError:
            pass
        stub.close()
