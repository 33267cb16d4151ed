"""The asyncio breaker: the same protocol, settings, scopes and answers as the blocking one.

Cancelling a call says nothing about the dependency: its permit is left to run out.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from typing import TYPE_CHECKING, Any, TypeVar

from safety_core.idempotency.async_link import AsyncDriver, AsyncLinkPool
from safety_core.idempotency.closing import AsyncConnected
from safety_core.idempotency.connection import address_of

from .asking import checked_end, new_token
from .errors import CircuitOpenError
from .judging import judge_error
from .notices import Notices
from .overriding import make_request
from .protocol import allow, force, record, report
from .settings import BreakerSettings
from .states import CallOutcome, Scope
from .terms import BreakerTerms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from safety_core.job_safety.alerts.hooks import AlertHooks

    from .notices import BreakerMetrics
    from .overriding import OverrideAudit
    from .states import BreakerReport, BreakerState, Permit, Recorded, Transition

T = TypeVar("T")


class AsyncCircuitBreaker(AsyncConnected):
    """A breaker for each job type, and one for the exchange above them. Close it before the loop ends.

    Attributes:
        settings: As given.
        terms: The settings as the protocol uses them.
        driver: What runs the protocol's steps.
    """

    def __init__(
        self,
        redis: Any,
        *,
        alert_hooks: AlertHooks | None = None,
        settings: BreakerSettings | None = None,
        exchange: str | None = None,
        audit: OverrideAudit | None = None,
        metrics: BreakerMetrics | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a breaker; nothing is sent before the first call. Arguments and errors as for CircuitBreaker."""
        self.settings = settings if settings is not None else BreakerSettings()
        self.terms = BreakerTerms(self.settings, exchange, clock)
        self.driver = AsyncDriver(AsyncLinkPool(address_of(redis, self.settings.link)))
        self._notices = Notices(alert_hooks, metrics)
        self._audit = audit

    async def allow(self, job_type: str) -> Permit:
        """Ask whether a call may go ahead, as `CircuitBreaker.allow` does; the same errors."""
        permit = await self.driver.run(allow(self.terms, job_type, new_token()))
        self._notices.answered(permit)
        return permit

    async def record(self, permit: Permit, outcome: CallOutcome | str, *, retry_after_s: float = 0.0) -> Recorded:
        """Tell how the call of a permit ended, as `CircuitBreaker.record` does; the same errors."""
        ended = checked_end(permit, outcome, retry_after_s)
        recorded = await self.driver.run(record(self.terms, permit, ended, retry_after_s))
        for transition in recorded.transitions:
            self._notices.moved(transition)
        return recorded

    async def call(
        self,
        job_type: str,
        operation: Callable[[], Awaitable[T] | T],
        *,
        judge: Callable[[BaseException], tuple[CallOutcome, float]] = judge_error,
    ) -> T:
        """Run `operation`, which may be a coroutine function, as `CircuitBreaker.call` does; the same errors."""
        permit = await self.allow(job_type)
        if not permit:
            raise CircuitOpenError(permit)
        try:
            value = operation()
            result: T = (await value) if inspect.isawaitable(value) else value
        except Exception as error:
            outcome, retry_after_s = judge(error)
            await self.record(permit, outcome, retry_after_s=retry_after_s)
            raise
        await self.record(permit, CallOutcome.SUCCESS)
        return result

    async def report(self, job_type: str | None = None) -> BreakerReport:
        """Return what stands of a scope, as `CircuitBreaker.report` does; the same errors."""
        scope = Scope.EXCHANGE if job_type is None else Scope.JOB_TYPE
        name: Any = self.terms.exchange if job_type is None else job_type
        return await self.driver.run(report(self.terms.place(scope, name)))

    async def force(
        self,
        state: BreakerState | str,
        *,
        actor: str,
        reason: str,
        expires_s: float,
        job_type: str | None = None,
    ) -> Transition | None:
        """Hold a scope in a state for a while, as `CircuitBreaker.force` does; the same errors."""
        return await self._override(state, actor, reason, expires_s, job_type)

    async def release(self, *, actor: str, reason: str, job_type: str | None = None) -> Transition | None:
        """Let go of an override, as `CircuitBreaker.release` does; the same errors."""
        return await self._override(None, actor, reason, None, job_type)

    async def _override(
        self, state: BreakerState | str | None, actor: str, reason: str, expires_s: float | None, job_type: str | None
    ) -> Transition | None:
        asked = make_request(self.terms, state, job_type=job_type, actor=actor, reason=reason, expires_s=expires_s)
        act = await asyncio.to_thread(asked.begin, self._audit)
        try:
            moved = await self.driver.run(force(self.terms, asked, new_token()))
        except BaseException as error:
            act.failed(error)
            raise
        if moved is not None:
            self._notices.moved(moved)
        await asyncio.to_thread(act.succeeded)
        return moved
