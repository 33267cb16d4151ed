"""Things that leave in the order in which they were handed in, though some are held up for a while."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Ordered:
    """Does what it is given, one after the other; a hold delays all that comes behind it."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None] | float] = deque()
        self._is_held = False

    def do(self, act: Callable[[], None]) -> None:
        """Do *act*, now or behind what is held."""
        if self._is_held:
            self._waiting.append(act)
        else:
            act()

    def hold(self, seconds: float) -> None:
        """Let what comes from now on wait for *seconds*."""
        if self._is_held:
            self._waiting.append(seconds)
            return
        self._is_held = True
        asyncio.get_running_loop().call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        self._is_held = False
        while self._waiting and not self._is_held:
            item = self._waiting.popleft()
            if isinstance(item, float):
                self.hold(item)
            else:
                item()
