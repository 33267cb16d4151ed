"""The toxic ``noop``: everything passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.toxiproxy.embedded.stub import pass_on
from harness.toxiproxy.embedded.toxics.toxic import ByteToxic

if TYPE_CHECKING:
    from harness.toxiproxy.embedded.stub import Stub


@dataclass(frozen=True)
class Noop(ByteToxic):
    """No attributes."""

    TYPE: ClassVar[str] = "noop"
    GO_NAME: ClassVar[str] = "NoopToxic"

    async def pipe(self, stub: Stub) -> None:
        """Let everything pass."""
        await pass_on(stub)
