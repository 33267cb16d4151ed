"""The blocking retry policy: may this job be retried now, and if not, why and until when.

It limits how often a job is tried, never what a try may do: effects stay with the guard, and no force passes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safety_core.idempotency.closing import Connected
from safety_core.idempotency.connection import address_of
from safety_core.idempotency.link import Driver, LinkPool
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


class RetryPolicy(Connected):
    """Counts retries in one Redis or Valkey server, for all processes that share it. Safe for threads and forks.

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
        """Make a policy; nothing is sent before the first call. The store must be the guard's, and prepared.

        Args:
            redis: A redis.Redis client, of which only address, database, credentials and TLS are used, or a URL.
            settings: How often and how soon; the defaults where left out.
            guard: Namespace, environment, account and time limits, as the guard has them.
            audit: Told every decision, and before the policy is lifted: what it raises then goes up, and nothing is
                lifted. Without one nothing can be forced. See `RetryAudit`.
            on_decision: Called with every answer, after it is final. What it raises is logged and goes no further.
            validator: As for SideEffectWrapper.

        Raises:
            SettingsError: `redis` is neither a client nor a URL.
        """
        self.settings = settings if settings is not None else RetrySettings()
        shared = guard if guard is not None else GuardSettings()
        self.terms = policy_terms(Terms(shared, validator=validator), self.settings)
        self.driver = Driver(LinkPool(address_of(redis, shared)))
        self._audit = audit
        self._hook = on_decision

    def acquire(
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
        """Ask for one retry of a job. Where it is allowed it is counted already, so run it.

        Args:
            job: The job, or its id. Its metadata may hold `max_attempts`.
            failure: How its failure was judged; what cannot help is then refused, and so is what may have happened.
            failed_at: When it failed (aware datetime or Unix seconds), for a failure that `record_failure` was not
                told of. With neither there is no cooldown before the first retry.
            max_attempts: Most retries of this job, above its metadata and the settings; below `extend_limit`.
            retry_only_retryable: False allows what is known not to help.
            dry_run: True only looks: nothing is counted or written.
            force: Lifts cooldown, limit and kind for this one call. The attempt counts all the same. It does not lift
                an unknown outcome, nor anything of the guard.
            token: The `token` of an earlier answer, so that an attempt which may be counted is not counted twice.
            actor: Who asks, for the audit.
            reason: Why, for the audit.

        Returns:
            The answer; a refusal says why and, where it helps, for how long.

        Raises:
            JobError, PolicyError, OverrideError: The caller's mistake, before anything was sent.
        """
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
            act = begun(self._audit, "force", asked.job_id, force, attempts=1)
            answer = self._decided(asked, act)
            ended(act, answer)
            return tell(answer, self._hook)
        if answer is None:
            answer = self.driver.run(decide(self.terms, asked))
        written(self._audit, answer, actor=actor, reason=reason, failure=failure)
        return tell(answer, self._hook)

    def _decided(self, asked: Asked, act: AuditedAct) -> RetryAnswer:
        try:
            return self.driver.run(decide(self.terms, asked))
        except BaseException as error:
            act.failed(error)
            raise

    def record_failure(self, job: Any, failure: FailureVerdict | None = None) -> None:
        """Note that a job failed now: its cooldown begins, and lasts as long as the failure asks at least.

        Raises:
            JobError: The job has no id.
            StoreError: It could not be noted.
        """
        wait_ms, not_before_ms = waits_of(failure)
        reply = self.driver.run(tell_failed(self.terms, job_id_of(job), wait_ms, not_before_ms))
        noted(reply, "note a failure")

    def record_success(self, job: Any) -> None:
        """Forget the attempts of a job that succeeded, and a limit of its own.

        Raises:
            JobError: The job has no id.
            StoreError: They could not be forgotten.
        """
        noted(self.driver.run(tell_succeeded(self.terms, job_id_of(job))), "forget a job's attempts")

    def extend_limit(self, job: Any, max_attempts: int, override: Override) -> None:
        """Give a job that reached its limit another one, which stands until it succeeds.

        Raises:
            JobError, PolicyError, OverrideError: The caller's mistake, or no audit; nothing was changed.
            StoreError: It could not be written.
        """
        job_id, limit = job_id_of(job), checked_limit(max_attempts)
        act = begun(self._audit, "override", job_id, override, max_attempts=limit)
        try:
            noted(self.driver.run(tell_limit(self.terms, job_id, limit)), "extend a job's limit")
        except BaseException as error:
            act.failed(error)
            raise
        act.succeeded()

    def cooldown_seconds(self, attempts: int, job: Any = None) -> float:
        """Return the wait before the next retry after `attempts` of them; for a job, with its jitter.

        Raises:
            JobError, PolicyError: The job has no id, or `attempts` is no whole number from 0 on.
        """
        return cooldown_of(self.terms, attempts, job)
