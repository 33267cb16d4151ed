"""Begin and end a job's run, without I/O: the guard's own protocol, cut in two around the run.

The one source for the blocking and the asyncio guard. A run that nobody ended is a doubt once its lease is over,
unless it was begun as resumable: then it may simply run again, since each of its effects is guarded by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safety_core.idempotency.answers import GuardResult
from safety_core.idempotency.classification import Classification
from safety_core.idempotency.effect_types import EffectType, effect_type_of
from safety_core.idempotency.failure_table import RetryAdvice, Verdict
from safety_core.idempotency.finishing import conclude
from safety_core.idempotency.intent import make_intent
from safety_core.idempotency.keys import escape
from safety_core.idempotency.outcomes import Outcome
from safety_core.idempotency.protocol import begin, conclude_bypassed
from safety_core.job_safety.errors import FailureError, JobError, RunInDoubtError, RunRefusedError
from safety_core.job_safety.jobs import job_id_of

from .runs import Run, RunAnswer, RunDecision

if TYPE_CHECKING:
    from datetime import datetime

    from safety_core.idempotency.intent import Intent
    from safety_core.idempotency.steps import Steps
    from safety_core.idempotency.terms import Terms

_NOT_DONE = Classification(Verdict.NOT_EXECUTED, RetryAdvice.LATER, "the run says that it did nothing")
_UNKNOWN = Classification(Verdict.UNCERTAIN, RetryAdvice.ASK_FIRST, "the run says that it may have done its effects")
_RESUMABLE = Classification(
    Verdict.NOT_EXECUTED, RetryAdvice.LATER, "each effect of the run has a guard of its own, so that it may run again"
)

_DECISIONS = {
    Outcome.REPLAYED: RunDecision.DONE,
    Outcome.IN_PROGRESS: RunDecision.IN_PROGRESS,
    Outcome.IN_DOUBT: RunDecision.UNKNOWN,
    Outcome.KEY_EXPIRED: RunDecision.UNKNOWN,
}
"""Every other answer is a refusal, and raised: it must not be taken for "skip"."""


class RunFailedError(Exception):
    """Stands for what a run raised, where only a reason was given."""


def job_entity_id(idempotency_key: str) -> str:
    """Return the entity id of a job's runs. No order, position, ledger entry, PnL or signal id begins like it.

    Raises:
        JobError: The key is not a string, or is empty.
    """
    key: object = idempotency_key
    if not isinstance(key, str) or not key:
        raise JobError(f"the idempotency key is {key!r:.80}; expected a string that is not empty")
    return f"job/idempotency/{escape(key)}"


def wanted_run(
    terms: Terms,
    job: Any,
    key: str,
    *,
    effect_type: EffectType | str,
    payload: Any,
    minted_at: datetime | float | None,
    resumable: bool,
) -> tuple[str, Intent]:
    """Check what the caller asks for; return the job's id and the intent.

    Raises:
        GuardError: The caller's mistake.
    """
    kind = effect_type_of(effect_type)
    if resumable and kind is not EffectType.JOB:
        raise JobError(f"a run that is {kind} itself cannot be resumable: running it again would do it twice")
    if resumable and not terms.starts:
        raise JobError("a run cannot be resumable in fast mode, where every claim counts as started; use strict")
    entity_id = job_entity_id(key) if kind is EffectType.JOB else key
    job_id = job_id_of(job)
    intent = make_intent(terms, kind, entity_id, payload, minted_at=minted_at, resume=None, store_result=True)
    return job_id, intent


def begin_run(terms: Terms, job_id: str, key: str, intent: Intent, *, resumable: bool) -> Steps[RunAnswer]:
    """Claim a run; return the answer.

    Raises:
        RunRefusedError: The answer is none of the four: a conflict, or a store that is no use.
    """
    begun = yield from begin(terms, intent, starts=terms.starts and not resumable)
    if type(begun) is not GuardResult:
        return RunAnswer(RunDecision.RUN, Run(job_id, key, begun.claim, resumable, begun.bypassed, intent))
    decision = _DECISIONS.get(begun.outcome)
    if decision is None:
        raise RunRefusedError(f"the job {job_id} was not let run: {begun.outcome}: {begun.reason}", begun)
    return RunAnswer(
        decision, result=begun.result, remaining_ms=begun.remaining_ms, answer=begun, reason=begun.reason
    )


def end_run(
    terms: Terms, run: Run, performed: tuple[bool, Any], judged: Classification | None = None
) -> Steps[GuardResult]:
    """Record how a run ended; return the engine's answer.

    Args:
        terms: The guard.
        run: The run.
        performed: (True, what it returned) or (False, what it raised).
        judged: What a failure says; None asks the table, which a resumable run needs not.
    """
    if run.bypassed is not None:
        return conclude_bypassed(run.intent, run.bypassed, performed)
    if not performed[0] and judged is None and run.resumable:
        judged = _RESUMABLE
    return (yield from conclude(terms, run.intent, run.claim.fence, performed, judged))


def ended_not_done(terms: Terms, run: Run, error: Exception | str) -> Steps[GuardResult]:
    """Record that a run certainly did nothing: it may run again at once."""
    return end_run(terms, run, (False, _raised(error)), _NOT_DONE)


def ended_unknown(terms: Terms, run: Run, error: Exception | str) -> Steps[GuardResult]:
    """Record that a run may have done its effects: it must not run again before somebody has asked."""
    return end_run(terms, run, (False, _raised(error)), _UNKNOWN)


def ended_failed(terms: Terms, run: Run, error: Exception) -> Steps[GuardResult]:
    """Record what a run raised, as the classification table reads it."""
    return end_run(terms, run, (False, _raised(error)))


def may_run(answer: RunAnswer) -> bool:
    """Return whether a run is the caller's; False where it runs or ran already.

    Raises:
        RunInDoubtError: Neither is known, so that skipping it could lose it and running it could double it.
    """
    if answer.decision is RunDecision.UNKNOWN and answer.answer is not None:
        raise RunInDoubtError(f"the run is in doubt: {answer.reason}", answer.answer)
    return answer.decision is RunDecision.RUN


def _raised(error: Exception | str) -> Exception:
    given: object = error
    if isinstance(given, Exception):
        return given
    if isinstance(given, str):
        return RunFailedError(given)
    raise FailureError(f"the error is {given!r:.80}; expected an exception or a reason")
