"""Connections of the asyncio guard, and the loop that drives the same generator as the blocking guard does.

A connection belongs to one event loop and serves one call at a time. It is never used again after anything went
wrong on it, cancellation included, and never held while an effect runs.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, TypeVar, final

from .answers import Claim
from .connection import Address, command_failure, connect_failure, make_async_connection
from .link import NOT_OPEN
from .steps import Exchange, LinkFacts, Open, Steps
from .store_failure import StoreFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from .connection import AsyncWire

T = TypeVar("T")
_MAX_IDLE = 16


@final
class AsyncLink:
    """One connection and what was learnt through it.

    Attributes:
        connection: The connection of redis-py.
        facts: What is known of the store behind it.
    """

    __slots__ = ("connection", "facts")

    def __init__(self, connection: AsyncWire) -> None:
        self.connection = connection
        self.facts = LinkFacts()

    async def one(self, packet: bytes) -> Any:
        """Send one command; return its reply or a StoreFailure."""
        replies = await self.several(Exchange(packet, 1))
        return replies if type(replies) is StoreFailure else replies[0]

    async def several(self, exchange: Exchange) -> Any:
        """Send several commands at once; return their replies or a StoreFailure for all of them."""
        connection = self.connection
        replies: list[Any] = []
        broken = True
        try:
            await connection.send_packed_command((exchange.packet,), check_health=False)
            broken = False
            for _ in range(exchange.replies):
                try:
                    replies.append(await connection.read_response(disconnect_on_error=False))
                except Exception as error:  # noqa: BLE001 - the table decides what it says of the command
                    failure = command_failure(error)
                    is_harmless = exchange.may_be_refused and not failure.applied_unknown
                    broken = broken or not (is_harmless or failure.code == "NOSCRIPT")
                    if failure.applied_unknown:
                        return failure
                    replies.append(failure)
        except Exception as error:  # noqa: BLE001 - the table decides what it says of the commands
            return command_failure(error)
        except BaseException:
            broken = True
            raise
        finally:
            if broken:
                await connection.disconnect(nowait=True)
        return replies


class AsyncLinkPool:
    """Idle connections of one guard, for the event loop that runs now."""

    __slots__ = ("_address", "_idle", "_loop")

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: list[AsyncLink] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    async def take(self, *, fresh: bool) -> AsyncLink | StoreFailure:
        """Return an idle connection, else a new one, else why there is none.

        Args:
            fresh: Close every idle connection and make a new one.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            # Connections of another loop cannot be used here, nor closed politely.
            self._idle, self._loop = [], loop
        if fresh:
            await self.close()
        elif self._idle:
            return self._idle.pop()
        try:
            connection = make_async_connection(self._address)
            await connection.connect()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing of ours was sent
            return connect_failure(error)
        return AsyncLink(connection)

    async def give_back(self, link: AsyncLink | None) -> None:
        """Keep a connection for the next call, unless there is none or it was closed."""
        if link is None or not link.connection.is_connected:
            return
        if len(self._idle) < _MAX_IDLE:
            self._idle.append(link)
        else:
            await link.connection.disconnect(nowait=True)

    async def close(self) -> None:
        """Close every idle connection."""
        while self._idle:
            await self._idle.pop().connection.disconnect()


class AsyncDriver:
    """Runs the protocol's generator on asyncio connections."""

    __slots__ = ("pool",)

    def __init__(self, pool: AsyncLinkPool) -> None:
        self.pool = pool

    async def run(self, steps: Steps[T], perform: Callable[[Claim], Any] | None = None) -> T:
        """Drive `steps` to their end and return what they return.

        What is no Exception, cancellation above all, passes through: the connection in use is closed, and nothing is
        sent any more.
        """
        link: AsyncLink | None = None
        answer: Any = None
        try:
            while True:
                step = steps.send(answer)
                if type(step) is bytes:
                    answer = await link.one(step) if link is not None else NOT_OPEN
                elif type(step) is Exchange:
                    answer = await link.several(step) if link is not None else NOT_OPEN
                else:
                    link, spare = None, link
                    await self.pool.give_back(spare)
                    if type(step) is Open:
                        link, answer = await self._open(step)
                    elif type(step) is Claim and perform is not None:
                        answer = await _performed(perform, step)
        except StopIteration as end:
            link, spare = None, link
            await self.pool.give_back(spare)
            result: T = end.value
            return result
        finally:
            # Left to the collector, its parts may be ended in an order in which Python complains.
            steps.close()
            if link is not None:
                await link.connection.disconnect(nowait=True)

    async def _open(self, step: Open) -> tuple[AsyncLink | None, LinkFacts | StoreFailure]:
        taken = await self.pool.take(fresh=step.fresh)
        if type(taken) is AsyncLink:
            return taken, taken.facts
        return None, taken


async def _performed(perform: Callable[[Claim], Any], claim: Claim) -> tuple[bool, Any]:
    try:
        value = perform(claim)
        if inspect.isawaitable(value):
            value = await value
    except Exception as error:  # noqa: BLE001 - every failure of an effect is judged by the classification table
        return False, error
    return True, value
