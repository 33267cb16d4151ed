"""Which server was under test: the words that go into every report. Holds values, asks nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """A running server.

    Attributes:
        name: ``redis`` or ``valkey``.
        version: The server's own version.
        sha256: Hex digest of its binary; None for an external server, whose file we cannot see.
        run_id: Changes with every start of the server.
    """

    name: str
    version: str
    sha256: str | None
    run_id: str
