"""The blocking guard of jobs: may this job run, and how did it end.

The run of a job and the effects in it have records of their own, so that a guarded job never blocks its own order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safety_core.idempotency.closing import Closable
from safety_core.idempotency.decisions import Decisions
from safety_core.idempotency.effect_types import EffectType
from safety_core.idempotency.wrapper import SideEffectWrapper
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


class RetryGuard(Closable):
    """Lets each job run once per idempotency key, and again only where it certainly did nothing. Safe for threads.

    Attributes:
        engine: What guards; a SideEffectWrapper for the effects of the jobs may be made of the same store.
    """

    def __init__(
        self,
        redis: Any,
        *,
        settings: GuardSettings | None = None,
        on_decision: Callable[[GuardResult], object] | None = None,
        validator: StoreValidator | None = None,
    ) -> None:
        """Make a guard; nothing is sent before the first call.

        Args:
            redis: A redis.Redis client or a URL, as for SideEffectWrapper.
            settings: How to behave. `lease_s` should be longer than a job: past it an unended run is in doubt.
            on_decision: Called with every refusal and with how every run ended. What it raises is logged.
            validator: As for SideEffectWrapper.

        Raises:
            SettingsError: `redis` is neither a client nor a URL.
        """
        self.engine = SideEffectWrapper(redis, settings=settings, validator=validator)
        self._decisions = Decisions(on_decision)
        self._open = OpenRuns()

    def begin(
        self,
        job: Any,
        idempotency_key: str,
        *,
        effect_type: EffectType | str = EffectType.JOB,
        payload: Any = None,
        minted_at: datetime | float | None = None,
        resumable: bool = False,
    ) -> RunAnswer:
        """Ask for a run of a job.

        Args:
            job: The job, or its id. The key is written into its metadata and saved there, so that retries carry it.
            idempotency_key: What the job does and to what (see `job_idempotency_key`); never the job's own id.
            effect_type: JOB for the run of a job. Any other: the job is that effect, and the key its entity id, so
                that the claim is the one that the other guards meet.
            payload: What the job is asked to do; another payload under the same key is refused. It must be the same
                for every run, so no time and no job id belongs into it.
            minted_at: When the job was made; lets jobs older than the guard's memory be told apart.
            resumable: True where each effect of the job goes through a guard of its own: a run that failed, or whose
                worker died, may then run again, and does only what is not done yet.

        Raises:
            RunRefusedError: Neither may it run, nor does it run, nor did it: a conflict, or a store that is no use.
            GuardError: A caller's mistake, before anything was sent.
        """
        job_id, intent = wanted_run(
            self.engine.terms,
            job,
            idempotency_key,
            effect_type=effect_type,
            payload=payload,
            minted_at=minted_at,
            resumable=resumable,
        )
        note_key(job, idempotency_key)
        steps = begin_run(self.engine.terms, job_id, idempotency_key, intent, resumable=resumable)
        return self._noted(self.engine.driver.run(steps))

    def done(self, run: Run, result: Any = None) -> GuardResult:
        """Record that a run is done, with its result; return the engine's answer, which says if it is recorded."""
        return self._ended(run, self.engine.driver.run(end_run(self.engine.terms, run, (True, result))))

    def not_done(self, run: Run, error: Exception | str) -> GuardResult:
        """Record that a run certainly did nothing: it may run again at once.

        Raises:
            FailureError: `error` is neither an exception nor a reason; nothing was recorded.
        """
        return self._ended(run, self.engine.driver.run(ended_not_done(self.engine.terms, run, error)))

    def unknown(self, run: Run, error: Exception | str) -> GuardResult:
        """Record that a run may have done its effects: it must be reconciled before it runs again.

        Raises:
            FailureError: As for `not_done`.
        """
        return self._ended(run, self.engine.driver.run(ended_unknown(self.engine.terms, run, error)))

    def failed(self, run: Run, error: Exception) -> GuardResult:
        """Record what a run raised: not done, or unknown, as the classification table reads it.

        Raises:
            FailureError: As for `not_done`.
        """
        return self._ended(run, self.engine.driver.run(ended_failed(self.engine.terms, run, error)))

    def should_execute(self, job: Any, idempotency_key: str, **options: Any) -> bool:
        """Return whether the caller is to run the job; False where it runs or ran already, so skip it.

        Then say how it ended: `mark_success`, `mark_failure` or `mark_unknown`, from the same thread.

        Raises:
            RunInDoubtError: An earlier run may have done its effects: skipping may lose it, running may double it.
            RunRefusedError, GuardError: As for `begin`, whose options this takes.
        """
        answer = self.begin(job, idempotency_key, **options)
        if answer.run is not None:
            self._open.add(answer.run)
        return may_run(answer)

    def mark_success(self, job: Any, result: Any = None) -> GuardResult:
        """Record that the job's run is done, as `done`.

        Raises:
            NoRunError: No run of this job is open here.
        """
        return self.done(self._open.find(job_id_of(job)), result)

    def mark_failure(self, job: Any, error: Exception) -> GuardResult:
        """Record what the job's run raised, as `failed`; the errors of `mark_success` and `failed`."""
        return self.failed(self._open.find(job_id_of(job)), error)

    def mark_unknown(self, job: Any, error: Exception | str) -> GuardResult:
        """Record that the job's run may have done its effects, as `unknown`; the errors of both."""
        return self.unknown(self._open.find(job_id_of(job)), error)

    def _noted(self, answer: RunAnswer) -> RunAnswer:
        if answer.answer is not None:
            self._decisions.note(answer.answer)
        return answer

    def _ended(self, run: Run, answer: GuardResult) -> GuardResult:
        self._open.remove(run)
        self._decisions.note(answer)
        return answer

    def close(self) -> None:
        """Close the idle connections. The guard may be used again afterwards."""
        self.engine.close()
