"""A step whose client gave up, and that lands later or never."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.explorer.gate.wire import Wire
    from harness.explorer.world.process import Process
    from harness.explorer.world.steps import Step


@dataclass(slots=True)
class Late:
    """A step whose client gave up and that lands later.

    ``expires_s`` is virtual time; None means never. ``held`` is the wire that the client's connection held (WATCH):
    a MULTI block that lands later is still subject to it.
    """

    name: str
    process: Process
    step: Step
    kind: str
    expires_s: float | None
    held: Wire | None

    def close(self) -> None:
        """Close what it held."""
        if self.held is not None:
            self.held.close()
