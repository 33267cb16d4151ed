"""The asyncio guard of jobs: the protocol of the blocking one on asyncio connections."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from safety_core.idempotency.async_wrapper import AsyncSideEffectWrapper
from safety_core.idempotency.closing import AsyncClosable
from safety_core.idempotency.decisions import Decisions
from safety_core.idempotency.effect_types import EffectType
from safety_core.job_safety.jobs import job_id_of, note_key

from .protocol import begin_run, end_run, ended_failed, ended_not_done, ended_unknown, may_run, wanted_run
from .runs import OpenRuns

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from safety_core.idempotency.answers import GuardResult
    from safety_core.idempotency.settings import GuardSettings
    from safety_core.idempotency.steps import StoreValidator

    from .runs import Run, RunAnswer


class AsyncRetryGuard(AsyncClosable):
    """Lets each job run once per idempotency key, from one event loop. Close it before the loop ends.

    Attributes:
        engine: What guards.
    """

    def __init__(
        self,
        redis: Any,
        *,
        settings: GuardSettings | None = None,
        on_decision: Callable[[GuardResult], object] | None = None,
        validator: StoreValidator | None = None,
    ) -> None:
        """Make a guard, as RetryGuard."""
        self.engine = AsyncSideEffectWrapper(redis, settings=settings, validator=validator)
        self._decisions = Decisions(on_decision)
        self._open = OpenRuns()

    async def begin(
        self,
        job: Any,
        idempotency_key: str,
        *,
        effect_type: EffectType | str = EffectType.JOB,
        payload: Any = None,
        minted_at: datetime | float | None = None,
        resumable: bool = False,
    ) -> RunAnswer:
        """Ask for a run of a job, as `RetryGuard.begin` does; the same errors."""
        job_id, intent = wanted_run(
            self.engine.terms,
            job,
            idempotency_key,
            effect_type=effect_type,
            payload=payload,
            minted_at=minted_at,
            resumable=resumable,
        )
        saved = note_key(job, idempotency_key)
        if inspect.isawaitable(saved):
            await saved
        steps = begin_run(self.engine.terms, job_id, idempotency_key, intent, resumable=resumable)
        answer = await self.engine.driver.run(steps)
        if answer.answer is not None:
            self._decisions.note(answer.answer)
        return answer

    async def done(self, run: Run, result: Any = None) -> GuardResult:
        """Record that a run is done, as `RetryGuard.done` does."""
        return self._ended(run, await self.engine.driver.run(end_run(self.engine.terms, run, (True, result))))

    async def not_done(self, run: Run, error: Exception | str) -> GuardResult:
        """Record that a run certainly did nothing, as `RetryGuard.not_done` does; the same errors."""
        return self._ended(run, await self.engine.driver.run(ended_not_done(self.engine.terms, run, error)))

    async def unknown(self, run: Run, error: Exception | str) -> GuardResult:
        """Record that a run may have done its effects, as `RetryGuard.unknown` does; the same errors."""
        return self._ended(run, await self.engine.driver.run(ended_unknown(self.engine.terms, run, error)))

    async def failed(self, run: Run, error: Exception) -> GuardResult:
        """Record what a run raised, as `RetryGuard.failed` does; the same errors."""
        return self._ended(run, await self.engine.driver.run(ended_failed(self.engine.terms, run, error)))

    async def should_execute(self, job: Any, idempotency_key: str, **options: Any) -> bool:
        """Return whether the caller is to run the job, as `RetryGuard.should_execute` does; the same errors.

        Tasks of one loop share a thread: where two of them run the same job, use `begin` and its run.
        """
        answer = await self.begin(job, idempotency_key, **options)
        if answer.run is not None:
            self._open.add(answer.run)
        return may_run(answer)

    async def mark_success(self, job: Any, result: Any = None) -> GuardResult:
        """Record that the job's run is done, as `RetryGuard.mark_success` does; the same errors."""
        return await self.done(self._open.find(job_id_of(job)), result)

    async def mark_failure(self, job: Any, error: Exception) -> GuardResult:
        """Record what the job's run raised, as `RetryGuard.mark_failure` does; the same errors."""
        return await self.failed(self._open.find(job_id_of(job)), error)

    async def mark_unknown(self, job: Any, error: Exception | str) -> GuardResult:
        """Record that the job's run may have done its effects, as `RetryGuard.mark_unknown` does."""
        return await self.unknown(self._open.find(job_id_of(job)), error)

    def _ended(self, run: Run, answer: GuardResult) -> GuardResult:
        self._open.remove(run)
        self._decisions.note(answer)
        return answer

    async def aclose(self) -> None:
        """Close the idle connections. The guard may be used again afterwards."""
        await self.engine.aclose()
