"""One direction of one connection: from one side's socket through the toxics of its stream to the other's.

Without toxics the bytes go straight on. A link never loses a byte of its own accord, whatever toxics come and go.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from harness.toxiproxy.embedded.pipe import Chunk, Pipe
from harness.toxiproxy.embedded.stub import Stub

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from harness.toxiproxy.embedded.pipe import Sink
    from harness.toxiproxy.embedded.toxics.toxic import Toxic


class Source(Protocol):
    """The side from which a link takes its bytes."""

    def pause(self) -> None:
        """Stop reading."""

    def resume(self) -> None:
        """Read on."""


class Outlet:
    """The end of a link, as the last toxic sees it: what writes to the other side.

    Attributes:
        write: Takes the bytes.
        end: Called once, when nothing more comes.
        is_writable: Whether the other side takes more at present.
    """

    def __init__(self, write: Callable[[bytes], None], end: Callable[[], None]) -> None:
        self.write = write
        self.end = end
        self.is_writable = True
        self._is_closed = False
        self._waiting: list[asyncio.Future[None]] = []

    def put(self, chunk: Chunk) -> None:
        """Write *chunk*, unless the link has ended."""
        if not self._is_closed:
            self.write(chunk.data)

    def close(self) -> None:
        """End the link; may be called twice."""
        if not self._is_closed:
            self._is_closed = True
            self.end()

    async def room(self) -> None:
        """Return when the other side takes more."""
        while not self.is_writable:
            # Two may wait: the toxic that was the last, and the one that has come behind it.
            self._waiting.append(asyncio.get_running_loop().create_future())
            await self._waiting[-1]

    def set_writable(self, *, is_writable: bool) -> None:
        """Note whether the other side takes more."""
        self.is_writable = is_writable
        if is_writable:
            waiting, self._waiting = self._waiting, []
            for each in waiting:
                if not each.done():
                    each.set_result(None)


class Link:
    """A chain of toxics between a source and an outlet.

    Attributes:
        received: Bytes that came in.
        outlet: Where they leave.
    """

    def __init__(self, source: Source, outlet: Outlet, draw: Callable[[str], Random]) -> None:
        """Take from *source*, write to *outlet*; *draw* gives the random stream of a toxic of a name."""
        self.received = 0
        self.outlet = outlet
        self._source = source
        self._draw = draw
        self._head: Pipe | None = None
        self._stubs: list[Stub] = []
        self._has_ended = self._is_paused = False

    def start(self, toxics: list[Toxic], on_reset: Callable[[], None]) -> None:
        """Set up the toxics that were there before the connection; *on_reset* if one will reset it."""
        for toxic in toxics:
            strikes = self.add(toxic)
            if strikes and toxic.settings.RESETS:
                on_reset()

    def accept(self, data: bytes) -> None:
        """Take bytes from the source."""
        self.received += len(data)
        head = self._head
        if head is None:
            self.outlet.write(data)
            return
        head.put(Chunk(data, asyncio.get_running_loop().time()))
        if head.is_full:
            self.regulate()

    def end(self) -> None:
        """Note that the source gives nothing more; may be called twice."""
        self._has_ended = True
        (self._head or self.outlet).close()

    def stop(self) -> None:
        """Drop everything: the connection is gone."""
        for stub in self._stubs:
            stub.stop()

    def regulate(self) -> None:
        """Let the source wait while there is no room, and go on when there is."""
        is_full = self._head.is_full if self._head is not None else not self.outlet.is_writable
        if is_full != self._is_paused:
            self._is_paused = is_full
            (self._source.pause if is_full else self._source.resume)()

    def add(self, toxic: Toxic) -> bool:
        """Put *toxic* behind the others; return whether it is at work on this connection."""
        if (self._head is None and self._has_ended) or any(stub.is_closed for stub in self._stubs):
            # What comes behind an end that was passed on has nothing to do; it is kept so that places still match.
            self._stubs.append(_ended(self.outlet, self._draw(toxic.name)))
            return False
        pipe = Pipe(toxic.settings.BUFFER, self.regulate)
        if self._stubs:
            self._stubs[-1].output = pipe
        else:
            self._head = pipe
        stub = Stub(pipe, self.outlet, self._draw(toxic.name))
        self._stubs.append(stub)
        strikes = stub.strikes(toxic.toxicity)
        stub.start(toxic.settings, strikes=strikes)
        self.regulate()
        return strikes

    async def change(self, at: int, toxic: Toxic) -> None:
        """Let the toxic at place *at* go on with other settings; its coin is tossed again."""
        stub = self._stubs[at]
        await stub.interrupt()
        if not stub.is_closed:
            stub.start(toxic.settings, strikes=stub.strikes(toxic.toxicity))

    async def remove(self, at: int, toxic: Toxic) -> None:
        """Take the toxic at place *at* out of the chain; what waits in front of it passes."""
        stub = self._stubs[at]
        was_closed = stub.is_closed
        await stub.interrupt()
        if toxic.settings.CLOSES_ON_REMOVAL and not was_closed:
            stub.close()
        del self._stubs[at]
        behind: Sink = stub.output
        if not stub.is_closed:
            stub.input.empty_into(behind)
        if at > 0:
            self._stubs[at - 1].output = behind
        else:
            self._head = self._stubs[0].input if self._stubs else None
        self.regulate()


def _ended(outlet: Outlet, random: Random) -> Stub:
    stub = Stub(Pipe(1, lambda: None), outlet, random)
    stub.is_closed = True
    return stub
