"""What one toxic hands to the next: chunks of bytes in order, with an end, and a word when there is room again.

Nothing that was put in is lost: a toxic that is interrupted leaves the rest for whoever takes its place.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes that came in one piece, and when: seconds of the loop's clock."""

    data: bytes
    arrived_s: float


class Sink(Protocol):
    """Where a toxic puts what it lets pass."""

    def put(self, chunk: Chunk) -> None:
        """Take *chunk*, whether there is room or not."""

    def close(self) -> None:
        """Note that nothing more comes; may be called twice."""

    async def room(self) -> None:
        """Return when there is room for a chunk."""


class Pipe:
    """A queue of chunks with one reader and one writer.

    Attributes:
        capacity: How many chunks may wait before the writer is asked to stop.
        is_closed: Whether the writer has said that nothing more comes.
    """

    def __init__(self, capacity: int, on_room: Callable[[], None]) -> None:
        """Call *on_room* after each chunk that was taken out."""
        self.capacity = capacity
        self.is_closed = False
        self._on_room = on_room
        self._chunks: deque[Chunk] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether the writer should wait."""
        return len(self._chunks) >= self.capacity

    def put(self, chunk: Chunk) -> None:
        """Append *chunk*; the writer waits for :meth:`room` before the next."""
        self._chunks.append(chunk)
        _wake(self._reader)

    def close(self) -> None:
        """Note that nothing more comes; what is there can still be read."""
        self.is_closed = True
        _wake(self._reader)

    async def room(self) -> None:
        """Return when there is room for a chunk."""
        while self.is_full:
            self._writer = asyncio.get_running_loop().create_future()
            await self._writer

    async def get(self) -> Chunk | None:
        """Return the next chunk, None at the end. A cancelled call takes nothing out."""
        while not self._chunks:
            if self.is_closed:
                return None
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        chunk = self._chunks.popleft()
        if not self.is_full:
            _wake(self._writer)
        self._on_room()
        return chunk

    def empty_into(self, sink: Sink) -> None:
        """Hand everything on, the end too."""
        while self._chunks:
            sink.put(self._chunks.popleft())
        _wake(self._writer)
        if self.is_closed:
            sink.close()


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)
