"""What is still to be explored: prefixes of schedules, deepest first, so that memory stays flat.

A finished schedule leaves behind every decision it did not take after its own prefix; each of these starts another
schedule. Together they are every schedule of the bound, each exactly once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.explorer.world import Node

Prefix = tuple[str, ...]


class Frontier:
    """A stack of prefixes; empty when everything has been started."""

    def __init__(self) -> None:
        self._waiting: list[Prefix] = [()]

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self) -> Prefix:
        """Return the deepest prefix."""
        return self._waiting.pop()

    def put_back(self, prefix: Prefix) -> None:
        """Let a schedule be run once more."""
        self._waiting.append(prefix)

    def branch(self, prefix: Prefix, path: Sequence[Node]) -> None:
        """Add what a finished schedule did not decide after its prefix."""
        decisions = tuple(node.taken for node in path)
        for at in range(len(prefix), len(path)):
            for option in reversed(path[at].options):
                if option != path[at].taken:
                    self._waiting.append((*decisions[:at], option))
