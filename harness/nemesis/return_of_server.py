"""How a server of ours that died is brought back. Does nothing to one that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.nemesis.evidence import run_id

if TYPE_CHECKING:
    from harness.nemesis.site import Server


def bring_back(server: Server) -> None:
    """Start the server again if nobody answers at its address."""
    if not run_id(server):
        server.restart()
