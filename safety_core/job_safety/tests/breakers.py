"""One face for the blocking and the asyncio breaker, so that one test speaks for both. Decides nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from safety_core.job_safety.circuit_breaker import AsyncCircuitBreaker, BreakerSettings, CircuitBreaker, ScopeLimits

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = ScopeLimits(failure_threshold=3, window_s=60, open_s=30, probe_lease_s=20)
SETTINGS = BreakerSettings(
    job_type=LIMITS,
    exchange=ScopeLimits(failure_threshold=4, open_s=50, probe_lease_s=20),
    connect_timeout_s=10,
)


class Breaker:
    """A breaker of one flavour. The asyncio one gets a fresh event loop and fresh connections for each call.

    Attributes:
        sync: The blocking one; asked by the tests directly for what both share.
        made: The breaker of the flavour.
    """

    def __init__(self, flavour: str, url: str, **options: Any) -> None:
        options.setdefault("settings", SETTINGS)
        self.sync = CircuitBreaker(url, **options)
        self.made: Any = self.sync if flavour == "sync" else AsyncCircuitBreaker(url, **options)
        self.clock: Callable[[], float] | None = options.get("clock")

    def close(self) -> None:
        """Close the connections."""
        self.sync.close()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.made, name)

        def ask(*args: Any, **options: Any) -> Any:
            if self.made is self.sync:
                return method(*args, **options)

            async def call() -> Any:
                try:
                    return await method(*args, **options)
                finally:
                    await self.made.aclose()

            return asyncio.run(call())

        return ask

    def fail(self, job_type: str = "order", outcome: str = "failure", times: int = 1) -> Any:
        """Let some calls end badly; return what became of the last."""
        last = None
        for _ in range(times):
            last = self.record(self.allow(job_type), outcome)
        return last
