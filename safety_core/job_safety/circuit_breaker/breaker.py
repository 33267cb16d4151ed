"""The blocking breaker: ask before a call, tell how it ended. State is shared through Redis by all processes.

It limits calls and never decides whether an effect may run: no permit and no override passes a side-effect guard.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from safety_core.idempotency.closing import Connected
from safety_core.idempotency.connection import address_of
from safety_core.idempotency.link import Driver, LinkPool

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
    from collections.abc import Callable

    from safety_core.job_safety.alerts.hooks import AlertHooks

    from .notices import BreakerMetrics
    from .overriding import OverrideAudit
    from .states import BreakerReport, BreakerState, Permit, Recorded, Transition

T = TypeVar("T")


class CircuitBreaker(Connected):
    """A breaker for each job type, and one for the exchange above them. Safe for threads; survives a fork.

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
        """Make a breaker; nothing is sent before the first call.

        Args:
            redis: A client of redis-py, for its address only, or a URL.
            alert_hooks: Told of each change of state.
            settings: Limits and names; None takes the defaults.
            exchange: Name of the exchange and account behind these jobs; None leaves its scope out.
            audit: Where overrides are written down first; without it there are none.
            metrics: Counts refusals and changes of state.
            clock: Seconds of a clock that only runs forward, for the time without Redis.

        Raises:
            SettingsError: `redis` is neither a client nor a URL.
            BreakerNameError: `exchange` cannot name a scope.
        """
        self.settings = settings if settings is not None else BreakerSettings()
        self.terms = BreakerTerms(self.settings, exchange, clock)
        self.driver = Driver(LinkPool(address_of(redis, self.settings.link)))
        self._notices = Notices(alert_hooks, metrics)
        self._audit = audit

    def allow(self, job_type: str) -> Permit:
        """Ask whether a call may go ahead. A permit must be given back by `record`.

        Raises:
            BreakerNameError: `job_type` cannot name a scope.
        """
        permit = self.driver.run(allow(self.terms, job_type, new_token()))
        self._notices.answered(permit)
        return permit

    def record(self, permit: Permit, outcome: CallOutcome | str, *, retry_after_s: float = 0.0) -> Recorded:
        """Tell how the call of a permit ended.

        Args:
            permit: What `allow` gave.
            outcome: How it ended.
            retry_after_s: RATE_LIMITED: seconds that the exchange named; 0 if none.

        Raises:
            PermitError: `permit` admits nothing, `outcome` is none, or `retry_after_s` is no number of seconds.
        """
        ended = checked_end(permit, outcome, retry_after_s)
        recorded = self.driver.run(record(self.terms, permit, ended, retry_after_s))
        for transition in recorded.transitions:
            self._notices.moved(transition)
        return recorded

    def call(
        self,
        job_type: str,
        operation: Callable[[], T],
        *,
        judge: Callable[[BaseException], tuple[CallOutcome, float]] = judge_error,
    ) -> T:
        """Run `operation` under a permit, and record how it ended; what it raises is passed on.

        What is no Exception, such as KeyboardInterrupt, says nothing about the dependency and counts nothing.

        Raises:
            CircuitOpenError: The breaker refuses; nothing was run.
        """
        permit = self.allow(job_type)
        if not permit:
            raise CircuitOpenError(permit)
        try:
            result = operation()
        except Exception as error:
            outcome, retry_after_s = judge(error)
            self.record(permit, outcome, retry_after_s=retry_after_s)
            raise
        except BaseException:
            self.record(permit, CallOutcome.CALLER_MISTAKE)
            raise
        self.record(permit, CallOutcome.SUCCESS)
        return result

    def report(self, job_type: str | None = None) -> BreakerReport:
        """Return what stands of a job type's scope, or of the exchange's.

        Raises:
            BreakerNameError: No such scope can be.
            StoreError: Redis did not answer.
        """
        scope = Scope.EXCHANGE if job_type is None else Scope.JOB_TYPE
        name: Any = self.terms.exchange if job_type is None else job_type
        return self.driver.run(report(self.terms.place(scope, name)))

    def force(
        self,
        state: BreakerState | str,
        *,
        actor: str,
        reason: str,
        expires_s: float,
        job_type: str | None = None,
    ) -> Transition | None:
        """Hold a scope CLOSED or OPEN for a while, whatever its machine says; return what it changed.

        It is written down before it is done. It lifts the breaker only, never a side-effect guard.

        Args:
            state: CLOSED or OPEN.
            actor: Who does it.
            reason: Why.
            expires_s: Seconds until it runs out.
            job_type: Whose scope; None means the exchange's.

        Raises:
            OverrideError: Something is missing, or there is no audit. Nothing was done.
            GuardError: The audit could not be written: nothing was done, unless its message says otherwise.
            StoreError: Redis did not answer: it may stand or not, and the audit says so.
        """
        return self._override(state, actor, reason, expires_s, job_type)

    def release(self, *, actor: str, reason: str, job_type: str | None = None) -> Transition | None:
        """Let go of an override before it runs out; audited, and with the errors, as `force`."""
        return self._override(None, actor, reason, None, job_type)

    def _override(
        self, state: BreakerState | str | None, actor: str, reason: str, expires_s: float | None, job_type: str | None
    ) -> Transition | None:
        asked = make_request(self.terms, state, job_type=job_type, actor=actor, reason=reason, expires_s=expires_s)
        act = asked.begin(self._audit)
        try:
            moved = self.driver.run(force(self.terms, asked, new_token()))
        except BaseException as error:
            act.failed(error)
            raise
        if moved is not None:
            self._notices.moved(moved)
        act.succeeded()
        return moved
