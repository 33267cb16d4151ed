"""The toxic ``reset_peer``: after the first bytes the connection is closed, with a reset where it was made under it.

A connection that was open before the toxic came is closed cleanly, as in Toxiproxy.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.toxiproxy.embedded.toxics.toxic import ByteToxic

if TYPE_CHECKING:
    from harness.toxiproxy.embedded.stub import Stub


@dataclass(frozen=True)
class ResetPeer(ByteToxic):
    """A reset.

    Attributes:
        timeout: Milliseconds between the first bytes and the reset.
    """

    TYPE: ClassVar[str] = "reset_peer"
    GO_NAME: ClassVar[str] = "ResetToxic"
    RESETS: ClassVar[bool] = True

    timeout: int = 0

    async def pipe(self, stub: Stub) -> None:
        """Throw the first bytes away and close; an interruption in between closes at once."""
        await stub.read()
        try:
            await asyncio.sleep(self.timeout / 1000)
        finally:
            stub.close()
