"""One face for the blocking and the asyncio guard, so that one test speaks for both. Decides nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from safety_core.idempotency import AsyncSideEffectWrapper, GuardResult, GuardSettings, SideEffectWrapper

if TYPE_CHECKING:
    from collections.abc import Callable

PAYLOAD = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.1"}


class Guard:
    """A guard of one flavour. The asyncio one gets a fresh event loop and fresh connections for each call.

    Attributes:
        flavour: `sync` or `async`.
        url: Where its store is.
        settings: As given.
        validator: As given.
        runs: How often its effects ran.
    """

    def __init__(self, flavour: str, url: str, settings: GuardSettings, validator: Any = None) -> None:
        self.flavour = flavour
        self.url = url
        self.settings = settings
        self.runs = 0
        self.validator = validator
        self.sync = SideEffectWrapper(url, settings=settings, validator=validator)

    def prepare(self) -> None:
        """Prepare the store."""
        self.sync.prepare()

    def close(self) -> None:
        """Close the connections."""
        self.sync.close()

    def once(
        self,
        entity_id: str = "intent-1",
        effect: Callable[[Any], Any] = lambda claim: {"receipt": claim.fence},
        *,
        effect_type: str = "order",
        payload: Any = PAYLOAD,
        **options: Any,
    ) -> GuardResult:
        """Call `execute_once`."""

        def counted(claim: Any) -> Any:
            self.runs += 1
            return effect(claim)

        if self.flavour == "sync":
            return self.sync.execute_once(effect_type, entity_id, counted, payload=payload, **options)

        async def awaited(claim: Any) -> Any:
            return counted(claim)

        async def call() -> GuardResult:
            async with AsyncSideEffectWrapper(self.url, settings=self.settings, validator=self.validator) as wrapper:
                return await wrapper.execute_once(effect_type, entity_id, awaited, payload=payload, **options)

        return asyncio.run(call())
