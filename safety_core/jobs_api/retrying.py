"""Retries failed jobs: classifier and policy decide, the audit is told, and one script puts the job back.

Never runs a job, and never lifts what the guard of its effects says: a forced job that is done stays done.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from safety_core.job_safety import Override, RetryAnswer, RetryPolicy
from safety_core.job_safety.errors import JobError
from safety_core.job_safety.jobs import own_limit_of

from .auditing import putting_back, was_put_back
from .errors import Refusal
from .moving import Mover, Placed
from .plan import plan_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    import redis

    from safety_core.idempotency.steps import StoreValidator

    from .auditing import ReadableAudit
    from .failed_jobs import FailedJob, FailedJobs
    from .settings import JobsApiSettings


_MOST_RETRIES = 1_000_000


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How jobs are to be retried.

    Attributes:
        actor: Who asks.
        reason: Why.
        only_retryable: Whether what cannot help is refused.
        dry_run: Whether nothing is to be done.
        force: Whether the policy is lifted.
        plan: Hash that a dry run answered, and that must still be true; None asks for nothing.
        spread_s: Seconds over which a batch is spread at random where a scheduler runs.
    """

    actor: str
    reason: str
    only_retryable: bool = True
    dry_run: bool = False
    force: bool = False
    plan: str | None = None
    spread_s: float = 0.0

    @property
    def override(self) -> Override | None:
        """What lifts the policy."""
        return Override(actor=self.actor, reason=self.reason) if self.force else None


@final
@dataclass(frozen=True, slots=True)
class Retried:
    """What became of one job: what the policy said, and where the job was put (None: nowhere)."""

    job: FailedJob
    answer: RetryAnswer
    placed: Placed | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What became of many: each job that was decided, those left for later, and the plan that was followed."""

    plan: str
    retried: tuple[Retried, ...]
    left: tuple[FailedJob, ...] = ()
    wait_s: float = 0.0


class Retrier:
    """Retries failed jobs of one Redis."""

    def __init__(
        self,
        url: str,
        connection: redis.Redis,
        jobs: FailedJobs,
        audit: ReadableAudit,
        settings: JobsApiSettings,
        *,
        validator: StoreValidator | None = None,
    ) -> None:
        self.mover = Mover(connection)
        self._jobs = jobs
        self._audit = audit
        self._settings = settings
        shared: dict[str, Any] = {"settings": settings.retry, "guard": settings.guard, "validator": validator}
        self._policy = RetryPolicy(url, audit=audit, **shared)
        self._silent = RetryPolicy(url, **shared)
        self._bucket = self._policy.terms.guard.keys.own_key("jobs-api", "retry-all")

    def retry(self, job_id: str, wish: Wish) -> tuple[Retried, str]:
        """Retry one job, or say what would become of it; return that, and the plan.

        Raises:
            Refusal: There is no such failed job, or the plan is no longer true.
            RedisError, GuardError: Redis or the audit is no use.
        """
        job = self._jobs.find(job_id)
        if job is None:
            raise Refusal(404, "not failed", f"{job_id} is not among the failed jobs; see /api/v1/jobs/failed")
        plan = self._plan([job], wish)
        return self._decided(job, wish), plan

    def retry_all(self, places: Sequence[Any], wish: Wish) -> Batch:
        """Retry many jobs, as fast as the bucket allows; the arguments as for `FailedJobs.read`.

        Raises:
            Refusal: The plan is no longer true.
            RedisError, GuardError: As for `retry`; what was retried before stays so.
        """
        jobs = self._jobs.read(places)
        plan = self._plan(jobs, wish)
        done: list[Retried] = []
        for at, job in enumerate(jobs):
            wait_s = 0.0
            if not wish.dry_run and self._asked(self._silent, job, wish, dry_run=True).allowed:
                wait_s = self.mover.may_take(
                    self._bucket, size=self._settings.batch_size, per_minute=self._settings.batch_per_minute
                )
            if wait_s:
                return Batch(plan=plan, retried=tuple(done), left=tuple(jobs[at:]), wait_s=wait_s)
            done.append(self._decided(job, wish))
        return Batch(plan=plan, retried=tuple(done))

    def _plan(self, jobs: Sequence[FailedJob], wish: Wish) -> str:
        """Return the plan for these jobs as they are now, without a trace.

        Raises:
            Refusal: Another one was asked for.
        """
        looked = [(job, self._asked(self._silent, job, wish, dry_run=True)) for job in jobs]
        plan = plan_hash(looked, forced=wish.force, only_retryable=wish.only_retryable)
        if wish.plan is not None and wish.plan != plan:
            raise Refusal(
                409,
                "plan no longer true",
                "the failed jobs are not those of the plan any more, and nothing was done; make a dry run again",
                more={"plan": plan},
            )
        return plan

    def _decided(self, job: FailedJob, wish: Wish) -> Retried:
        answer = self._asked(self._policy, job, wish, dry_run=wish.dry_run)
        if wish.dry_run or not answer.allowed:
            return Retried(job, answer)
        act = putting_back(self._audit, job, answer, actor=wish.actor, reason=wish.reason)
        # Only to keep a batch from coming back all at once: nobody can gain by knowing it.
        delay_s = random.uniform(0, wish.spread_s)  # noqa: S311 - see above
        try:
            placed = self.mover.requeue(job, delay_s=delay_s)
        except BaseException as error:
            act.failed(error)
            raise
        was_put_back(act, placed)
        return Retried(job, answer, placed)

    def _asked(self, policy: RetryPolicy, job: FailedJob, wish: Wish, *, dry_run: bool) -> RetryAnswer:
        try:
            own = own_limit_of({"meta": job.meta})
            limit = None if own is None else min(own, _MOST_RETRIES)
        except JobError:
            limit = 0
        return policy.acquire(
            job.id,
            failure=job.failure,
            failed_at=job.failed_at,
            max_attempts=limit,
            retry_only_retryable=wish.only_retryable,
            dry_run=dry_run,
            force=wish.override,
            actor=wish.actor,
            reason=wish.reason,
        )

    def close(self) -> None:
        """Close the idle connections."""
        self._policy.close()
        self._silent.close()
