"""The asyncio retry policy: the protocol of the blocking one on asyncio connections."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from safety_core.idempotency.async_link import AsyncDriver, AsyncLinkPool
from safety_core.idempotency.closing import AsyncConnected
from safety_core.idempotency.connection import address_of
from safety_core.idempotency.settings import GuardSettings
from safety_core.idempotency.terms import Terms
from safety_core.job_safety.jobs import job_id_of

from .asking import checked_limit, cooldown_of, noted, question, refused_by_failure, tell, waits_of
from .auditing import begun, ended, written
from .protocol import decide, policy_terms, tell_failed, tell_limit, tell_succeeded
from .settings import RetrySettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from safety_core.idempotency.steps import StoreValidator
    from safety_core.job_safety.failure_classifier.verdicts import FailureVerdict

    from .answers import Override, RetryAnswer
    from .auditing import Audit, AuditedAct
    from .protocol import Asked


class AsyncRetryPolicy(AsyncConnected):
    """Counts retries from one event loop. Close it before the loop ends, best as `async with`.

    Attributes:
        settings: As given.
        terms: The settings as the protocol uses them.
        driver: What runs the protocol's steps.
    """

    def __init__(
        self,
        redis: Any,
        *,
        settings: RetrySettings | None = None,
        guard: GuardSettings | None = None,
        audit: Audit | None = None,
        on_decision: Callable[[RetryAnswer], object] | None = None,
        validator: StoreValidator | None = None,
    ) -> None:
        """Make a policy, as RetryPolicy. The audit is told in a thread, so that its disk holds up nobody."""
        self.settings = settings if settings is not None else RetrySettings()
        shared = guard if guard is not None else GuardSettings()
        self.terms = policy_terms(Terms(shared, validator=validator), self.settings)
        self.driver = AsyncDriver(AsyncLinkPool(address_of(redis, shared)))
        self._audit = audit
        self._hook = on_decision

    async def acquire(
        self,
        job: Any,
        *,
        failure: FailureVerdict | None = None,
        failed_at: datetime | float | None = None,
        max_attempts: int | None = None,
        retry_only_retryable: bool = True,
        dry_run: bool = False,
        force: Override | None = None,
        token: str | None = None,
        actor: str = "system",
        reason: str = "retry",
    ) -> RetryAnswer:
        """Ask for one retry of a job, as `RetryPolicy.acquire` does; the same errors."""
        asked = question(
            job,
            failed_at=failed_at,
            max_attempts=max_attempts,
            dry_run=dry_run,
            force=force,
            token=token,
            said=(actor, reason),
        )
        answer = refused_by_failure(asked, failure, self.settings, only_retryable=retry_only_retryable)
        if answer is None and force is not None and not dry_run:
            act = await asyncio.to_thread(begun, self._audit, "force", asked.job_id, force, attempts=1)
            answer = await self._decided(asked, act)
            await asyncio.to_thread(ended, act, answer)
            return tell(answer, self._hook)
        if answer is None:
            answer = await self.driver.run(decide(self.terms, asked))
        if self._audit is not None:
            await asyncio.to_thread(written, self._audit, answer, actor=actor, reason=reason, failure=failure)
        return tell(answer, self._hook)

    async def _decided(self, asked: Asked, act: AuditedAct) -> RetryAnswer:
        try:
            return await self.driver.run(decide(self.terms, asked))
        except BaseException as error:
            act.failed(error)
            raise

    async def record_failure(self, job: Any, failure: FailureVerdict | None = None) -> None:
        """Note that a job failed now, as `RetryPolicy.record_failure` does; the same errors."""
        wait_ms, not_before_ms = waits_of(failure)
        reply = await self.driver.run(tell_failed(self.terms, job_id_of(job), wait_ms, not_before_ms))
        noted(reply, "note a failure")

    async def record_success(self, job: Any) -> None:
        """Forget the attempts of a job, as `RetryPolicy.record_success` does; the same errors."""
        noted(await self.driver.run(tell_succeeded(self.terms, job_id_of(job))), "forget a job's attempts")

    async def extend_limit(self, job: Any, max_attempts: int, override: Override) -> None:
        """Give a job another limit, as `RetryPolicy.extend_limit` does; the same errors."""
        job_id, limit = job_id_of(job), checked_limit(max_attempts)
        act = await asyncio.to_thread(begun, self._audit, "override", job_id, override, max_attempts=limit)
        try:
            noted(await self.driver.run(tell_limit(self.terms, job_id, limit)), "extend a job's limit")
        except BaseException as error:
            act.failed(error)
            raise
        await asyncio.to_thread(act.succeeded)

    def cooldown_seconds(self, attempts: int, job: Any = None) -> float:
        """Return the wait before a retry, as `RetryPolicy.cooldown_seconds` does; the same errors."""
        return cooldown_of(self.terms, attempts, job)
