"""The guard of side effects under its name in job safety: one method per effect type, on the one engine.

It holds nothing of its own. A claim made here is the very claim that SideEffectWrapper and RetryGuard meet for the
same effect type and entity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safety_core.idempotency.async_wrapper import AsyncSideEffectWrapper
from safety_core.idempotency.closing import AsyncClosable, Closable
from safety_core.idempotency.effect_types import EffectType
from safety_core.idempotency.wrapper import SideEffectWrapper

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from safety_core.idempotency.answers import Claim, GuardResult
    from safety_core.idempotency.settings import GuardSettings


class SideEffectGuard(Closable):
    """Guards orders, positions, ledger entries, PnL writes and signals in a job.

    Attributes:
        engine: What guards.
    """

    def __init__(self, redis: Any, *, settings: GuardSettings | None = None) -> None:
        """Make a guard of a redis.Redis client, a URL, or a SideEffectWrapper, whose settings it then has.

        Raises:
            SettingsError: `redis` is none of them.
        """
        self._is_lent = isinstance(redis, SideEffectWrapper)
        self.engine: SideEffectWrapper = redis if self._is_lent else SideEffectWrapper(redis, settings=settings)

    def order(
        self, entity_id: str, operation: Callable[[Claim], Any], *, payload: Any, **options: Any
    ) -> GuardResult:
        """Place an order once; arguments, answer and errors as for `SideEffectWrapper.execute_once`."""
        return self.engine.execute_once(EffectType.ORDER, entity_id, operation, payload=payload, **options)

    def position(
        self, entity_id: str, operation: Callable[[Claim], Any], *, payload: Any, **options: Any
    ) -> GuardResult:
        """Update a position once, as `order`."""
        return self.engine.execute_once(EffectType.POSITION, entity_id, operation, payload=payload, **options)

    def ledger(
        self, entity_id: str, operation: Callable[[Claim], Any], *, payload: Any, **options: Any
    ) -> GuardResult:
        """Write a ledger entry once, as `order`."""
        return self.engine.execute_once(EffectType.LEDGER, entity_id, operation, payload=payload, **options)

    def pnl(self, entity_id: str, operation: Callable[[Claim], Any], *, payload: Any, **options: Any) -> GuardResult:
        """Write a PnL figure once, as `order`."""
        return self.engine.execute_once(EffectType.PNL, entity_id, operation, payload=payload, **options)

    def signal(
        self, entity_id: str, operation: Callable[[Claim], Any], *, payload: Any, **options: Any
    ) -> GuardResult:
        """Emit a signal once, as `order`."""
        return self.engine.execute_once(EffectType.SIGNAL, entity_id, operation, payload=payload, **options)

    def close(self) -> None:
        """Close the idle connections, unless they belong to a SideEffectWrapper that was given."""
        if not self._is_lent:
            self.engine.close()


class AsyncSideEffectGuard(AsyncClosable):
    """The same for asyncio; an operation may be a coroutine function.

    Attributes:
        engine: What guards.
    """

    def __init__(self, redis: Any, *, settings: GuardSettings | None = None) -> None:
        """Make a guard of a client, a URL, or an AsyncSideEffectWrapper; as SideEffectGuard."""
        self._is_lent = isinstance(redis, AsyncSideEffectWrapper)
        self.engine: AsyncSideEffectWrapper = (
            redis if self._is_lent else AsyncSideEffectWrapper(redis, settings=settings)
        )

    async def order(
        self, entity_id: str, operation: Callable[[Claim], Awaitable[Any] | Any], *, payload: Any, **options: Any
    ) -> GuardResult:
        """Place an order once; arguments, answer and errors as for `AsyncSideEffectWrapper.execute_once`."""
        return await self.engine.execute_once(EffectType.ORDER, entity_id, operation, payload=payload, **options)

    async def position(
        self, entity_id: str, operation: Callable[[Claim], Awaitable[Any] | Any], *, payload: Any, **options: Any
    ) -> GuardResult:
        """Update a position once, as `order`."""
        return await self.engine.execute_once(EffectType.POSITION, entity_id, operation, payload=payload, **options)

    async def ledger(
        self, entity_id: str, operation: Callable[[Claim], Awaitable[Any] | Any], *, payload: Any, **options: Any
    ) -> GuardResult:
        """Write a ledger entry once, as `order`."""
        return await self.engine.execute_once(EffectType.LEDGER, entity_id, operation, payload=payload, **options)

    async def pnl(
        self, entity_id: str, operation: Callable[[Claim], Awaitable[Any] | Any], *, payload: Any, **options: Any
    ) -> GuardResult:
        """Write a PnL figure once, as `order`."""
        return await self.engine.execute_once(EffectType.PNL, entity_id, operation, payload=payload, **options)

    async def signal(
        self, entity_id: str, operation: Callable[[Claim], Awaitable[Any] | Any], *, payload: Any, **options: Any
    ) -> GuardResult:
        """Emit a signal once, as `order`."""
        return await self.engine.execute_once(EffectType.SIGNAL, entity_id, operation, payload=payload, **options)

    async def aclose(self) -> None:
        """Close the idle connections, unless they belong to an AsyncSideEffectWrapper that was given."""
        if not self._is_lent:
            await self.engine.aclose()
