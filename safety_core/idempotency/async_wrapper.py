"""The asyncio guard: the same protocol, settings, records and answers as the blocking one.

Cancelling a call is not an answer of the effect: it passes through, writes nothing, and leaves a lease to run out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .async_link import AsyncDriver, AsyncLinkPool
from .closing import AsyncConnected
from .connection import address_of
from .decisions import Decisions
from .intent import make_intent
from .protocol import execute
from .settings import GuardSettings
from .store_protocol import StoreReport, prepare, report_store
from .terms import Terms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from .answers import Claim, GuardResult
    from .effect_types import EffectType
    from .outcomes import Outcome
    from .steps import StoreValidator


class AsyncSideEffectWrapper(AsyncConnected):
    """Guards side effects from one event loop. Close it before the loop ends, best as `async with`.

    Attributes:
        settings: As given.
        terms: The settings as the protocol uses them.
        driver: What runs the protocol's steps.
    """

    def __init__(
        self,
        redis: Any,
        *,
        settings: GuardSettings | None = None,
        on_decision: Callable[[GuardResult], object] | None = None,
        validator: StoreValidator | None = None,
    ) -> None:
        """Make a guard; nothing is sent before the first call. Arguments and errors as for SideEffectWrapper."""
        self.settings = settings if settings is not None else GuardSettings()
        self.terms = Terms(self.settings, validator=validator)
        self.driver = AsyncDriver(AsyncLinkPool(address_of(redis, self.settings)))
        self._decisions = Decisions(on_decision)

    async def execute_once(
        self,
        effect_type: EffectType | str,
        entity_id: str,
        operation: Callable[[Claim], Awaitable[Any] | Any],
        *,
        payload: Any,
        minted_at: datetime | float | None = None,
        token: str | None = None,
        store_result: bool = True,
    ) -> GuardResult:
        """Run `operation`, which may be a coroutine function, as `SideEffectWrapper.execute_once` does.

        Raises:
            GuardError: A caller's mistake, before anything was sent.
        """
        intent = make_intent(
            self.terms,
            effect_type,
            entity_id,
            payload,
            minted_at=minted_at,
            resume=token,
            store_result=store_result,
        )
        answer = await self.driver.run(execute(self.terms, intent), operation)
        self._decisions.note(answer)
        return answer

    async def prepare(self, *, force: bool = False) -> StoreReport:
        """Record the store's identity, as `SideEffectWrapper.prepare` does; the same errors."""
        return await self.driver.run(prepare(self.terms, force=force))

    async def store_report(self) -> StoreReport:
        """Return what the store says of itself now, as `SideEffectWrapper.store_report` does; the same errors."""
        return await self.driver.run(report_store(self.terms))

    @property
    def counts(self) -> dict[Outcome, int]:
        """How often each outcome was answered by this guard, in this process."""
        return self._decisions.counts
