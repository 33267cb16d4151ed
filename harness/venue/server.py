"""The venue's server: many connections, one book, one thread. Runs in the venue's own process.

It never answers before the book's line is on the disk, and stops dead rather than go on with a book that it could
not write.
"""

from __future__ import annotations

import asyncio
import json
import os
import traceback
from typing import TYPE_CHECKING, Any

from harness.venue.errors import EffectRejected, EffectTimeout, VenueError
from harness.venue.mischief import MischiefKind
from harness.venue.wire import LONGEST_LINE, Message, failure_to, mischief_from, request_from
from verify.history.events import to_object

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.venue.venue import EffectRequest, Venue

_BACKLOG = 1024
_EXIT_BOOK_LOST = 70


class _Catch:
    """Somebody waits for the next effect of some process, whose reply is then kept back."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.line: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.over = asyncio.Event()


class VenueServer:
    """Serves one :class:`Venue` on a unix socket."""

    def __init__(self, venue: Venue) -> None:
        """Serve *venue*, whose book should be a file."""
        self._venue = venue
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._held_from: int | None = None
        self._landed = asyncio.Condition()
        self._catches: list[_Catch] = []
        self._controls: dict[str, Callable[[Message], Any]] = {
            "look_up": lambda m: venue.look_up(str(m["key"])),
            "ask": lambda m: [to_object(line) for line in venue.ask(key=m.get("key"), order_id=m.get("order_id"))],
            "take": lambda m: [to_object(line) for line in venue.take(int(m["position"]))],
            "plan": lambda m: venue.plan(mischief_from(m["mischief"]), key=m.get("key"), nth=m.get("nth")),
            "behave": lambda _: venue.behave(),
            "mischief_met": lambda _: venue.mischief_met(),
            "hold": lambda m: self._hold(int(m["after"])),
            "release": lambda _: self._release(),
            "let_go": lambda _: self._let_go(),
            "late_tickets": lambda _: venue.late_tickets(),
            "fill": lambda m: venue.fill(str(m["order_id"])),
            "request_life": lambda _: venue.request_life_s,
        }

    async def serve(self, path: Path, *, address: tuple[str, int] | None = None) -> None:
        """Listen on unix socket *path*, and at *address* (host and port) where one is given, until killed."""
        if address is not None:
            host, port = address
            await asyncio.start_server(self._connection, host, port, limit=LONGEST_LINE, backlog=_BACKLOG)
        server = await asyncio.start_unix_server(self._connection, path, limit=LONGEST_LINE, backlog=_BACKLOG)
        async with server:
            await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            # Half a line is a client that died while it sent: the request never arrived.
            answer = await self._answer(line) if line.endswith(b"\n") else None
            if answer is not None:
                writer.write(json.dumps(answer, allow_nan=False).encode("ascii") + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            # Gone before its reply, or a request longer than LONGEST_LINE: either way nobody is told anything.
            traceback.print_exc()
        except Exception:  # noqa: BLE001 - whatever it was, the book may lack a line: say it and stop dead
            traceback.print_exc()
            os._exit(_EXIT_BOOK_LOST)
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> Message | None:
        """Return the reply, None for none at all."""
        try:
            message = json.loads(line)
            return {"value": await self._do(message)}
        except EffectTimeout:
            return None
        except (EffectRejected, VenueError, ValueError, KeyError, TypeError) as error:
            return {"failure": failure_to(error)}

    async def _do(self, message: Message) -> Any:
        match message["do"]:
            case "effect":
                return await self._effect(message)
            case "release_late":
                line = self._venue.release_late(message.get("ticket"))
                await self._tell_landed()
                return None if line is None else to_object(line)
            case "wait_landed":
                async with self._landed:
                    await self._landed.wait_for(lambda: self._venue.book.count >= int(message["n"]))
                return self._venue.book.count
            case "catch":
                return await self._catch(str(message["prefix"]))
            case name if name in self._controls:
                return self._controls[name](message)
            case name:
                raise ValueError(f"unknown request {name!r}; expected one of {', '.join(sorted(self._controls))}")

    async def _effect(self, message: Message) -> Message:
        request = request_from(message)
        mischief = self._venue.next_mischief(request.key)
        if mischief is not None and mischief.kind is MischiefKind.SLOW:
            await asyncio.sleep(mischief.seconds)
        known = self._venue.book.count
        try:
            return self._venue.act(request, mischief)
        finally:
            caught = self._caught(request) if self._venue.book.count > known else None
            if self._held_from is not None and self._venue.book.count > self._held_from:
                self._flowing.clear()
            await self._tell_landed()
            await self._flowing.wait()
            if caught is not None:
                await caught.over.wait()

    def _hold(self, after: int) -> int:
        """Keep replies back once *after* more effects have landed; return how many have landed."""
        count = self._venue.book.count
        self._held_from = count + after
        if not after:
            self._flowing.clear()
        return count

    def _release(self) -> None:
        self._held_from = None
        self._flowing.set()

    async def _catch(self, prefix: str) -> Message:
        """Wait for an effect of a process whose name begins with *prefix*, and return its line."""
        catch = _Catch(prefix)
        self._catches.append(catch)
        return await catch.line

    def _caught(self, request: EffectRequest) -> _Catch | None:
        """Return who waits for this effect, which has just landed; None where nobody does."""
        for catch in self._catches:
            if request.process.startswith(catch.prefix) and not catch.line.done():
                catch.line.set_result(to_object(self._venue.book.lines_of(request.key)[-1]))
                return catch
        return None

    def _let_go(self) -> None:
        """Send the replies that were kept back for whoever caught them, and wait for none any more."""
        for catch in self._catches:
            catch.over.set()
            catch.line.cancel()
        self._catches.clear()

    async def _tell_landed(self) -> None:
        async with self._landed:
            self._landed.notify_all()
