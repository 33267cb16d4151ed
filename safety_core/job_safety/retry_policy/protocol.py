"""The protocol of the retry policy, without I/O: one script for one question, sent again once when it is lost.

The one source for the blocking and the asyncio policy: generators that yield the steps of the guard's protocol. An
attempt is counted before it runs, so that a crash in it counts; a store that may have forgotten attempts counts none.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, final

from safety_core.idempotency.lua import Script, bulk, bulk_text
from safety_core.idempotency.outcomes import Outcome
from safety_core.idempotency.steps import OPEN, OPEN_FRESH, Steps
from safety_core.idempotency.store_failure import StoreFailure, refusal_of
from safety_core.idempotency.store_protocol import QUARANTINED, ask_confirmed, verify
from safety_core.job_safety.errors import PolicyError

from .answers import RetryAnswer, RetryDecision
from .scripts import DECIDE, FAILED, FORGET, LIMIT

if TYPE_CHECKING:
    from safety_core.idempotency.terms import Terms

    from .settings import RetrySettings

_TOKEN = re.compile(r"[0-9a-f]{32}").fullmatch
_UNCONFIRMED = "too few copies confirmed the count in time"
_DECISION = {
    b"ALLOWED": RetryDecision.ALLOWED,
    b"COOLDOWN": RetryDecision.COOLDOWN,
    b"NOT_BEFORE": RetryDecision.NOT_BEFORE,
    b"MAX_ATTEMPTS": RetryDecision.MAX_ATTEMPTS,
}


@final
@dataclass(slots=True, eq=False)
class PolicyTerms:
    """What every call of one policy shares.

    Attributes:
        guard: Address, keys and identity of the store, as the guard uses them.
        settings: As given.
        constants: The constant arguments of DECIDE, in RESP.
        retention: How long attempts are remembered, in RESP.
    """

    guard: Terms
    settings: RetrySettings
    constants: bytes
    retention: bytes

    def key(self, job_id: str) -> str:
        """Return the key of a job's attempts. It holds '#', which no key of an effect does."""
        return self.guard.keys.own_key("retry", job_id)


def policy_terms(guard: Terms, settings: RetrySettings) -> PolicyTerms:
    """Pack the settings of a policy once."""
    retention = bulk_text(round(settings.retention_seconds * 1000))
    constants = b"".join(
        (
            bulk_text(settings.max_attempts),
            bulk_text(round(settings.cooldown_seconds * 1000)),
            bulk_text(int(settings.exponential_backoff)),
            bulk_text(round(settings.max_cooldown_seconds * 1000)),
            bulk_text(repr(float(settings.jitter))),
            retention,
        )
    )
    return PolicyTerms(guard, settings, constants, retention)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question to the policy.

    Attributes:
        job_id: Which job.
        failed_at_ms: When it failed, Unix milliseconds; 0 unknown.
        own_limit: Most retries by the job itself; None: the settings decide.
        counts: Whether the attempt is counted.
        forced: Whether the policy is lifted.
        token: Name of this attempt.
    """

    job_id: str
    failed_at_ms: int
    own_limit: int | None
    counts: bool
    forced: bool
    token: str


def token_of(token: str | None) -> str:
    """Return a new name for an attempt, or the one of an earlier answer.

    Raises:
        PolicyError: It is none that an answer handed out.
    """
    if token is None:
        return os.urandom(16).hex()
    if _TOKEN(str(token)) is None:
        raise PolicyError("token= was not handed out by a RetryAnswer; pass its `token`, or leave it out")
    return token


def milliseconds(moment: datetime | float | None) -> int:
    """Return a moment as Unix milliseconds; 0 for None.

    Raises:
        PolicyError: It is neither an aware datetime nor Unix seconds above 0.
    """
    if moment is None:
        return 0
    wrong = PolicyError(f"failed_at={moment!r:.80}; expected an aware datetime or Unix seconds above 0")
    if isinstance(moment, bool) or (isinstance(moment, datetime) and moment.tzinfo is None):
        raise wrong
    try:
        found = round((moment.timestamp() if isinstance(moment, datetime) else moment) * 1000)
    except (OverflowError, ValueError, TypeError):
        raise wrong from None
    if not 0 < found < 2**53:
        raise wrong
    return found


def decide(terms: PolicyTerms, asked: Asked) -> Steps[RetryAnswer]:
    """Ask whether a job may be retried, and count the attempt; return the answer."""
    body = b"".join(
        (
            bulk_text(terms.key(asked.job_id)),
            bulk_text(asked.token),
            terms.constants,
            bulk_text(int(asked.counts)),
            bulk_text(int(asked.forced)),
            bulk_text(asked.failed_at_ms),
            b"$0\r\n\r\n" if asked.own_limit is None else bulk_text(asked.own_limit),
        )
    )
    answer = RetryAnswer(
        job_id=asked.job_id,
        decision=RetryDecision.STORE_UNSAFE,
        max_attempts=terms.settings.max_attempts if asked.own_limit is None else asked.own_limit,
        dry_run=not asked.counts,
    )
    reply, confirmed = yield from _ask(terms.guard, DECIDE, 11, body)
    if type(reply) is StoreFailure:
        if reply.applied_unknown and asked.counts:
            answer.token = asked.token
        if refusal_of(reply) is Outcome.REFUSED_STORE_UNAVAILABLE:
            answer.decision = RetryDecision.STORE_UNAVAILABLE
        answer.reason, answer.error = f"{answer.decision.meaning}: {reply.code}", reply.error
        return answer
    if type(reply) is str:
        answer.reason = f"{answer.decision.meaning}: {reply}"
        return answer
    word, answer.attempt, answer.max_attempts, wait_ms = reply
    answer.wait_s = wait_ms / 1000
    answer.decision = _DECISION[word]
    if answer.allowed and asked.counts and not confirmed:
        answer.decision, answer.token = RetryDecision.STORE_UNSAFE, asked.token
        answer.reason = f"{answer.decision.meaning}: {_UNCONFIRMED}"
        return answer
    answer.forced = answer.allowed and asked.forced
    answer.reason = "forced" if answer.forced else answer.decision.meaning
    return answer


def tell_failed(terms: PolicyTerms, job_id: str, wait_ms: int, not_before_ms: int) -> Steps[Any]:
    """Note that a job failed now; return the server's time, or why it is not noted."""
    body = bulk_text(terms.key(job_id)) + bulk_text(wait_ms) + bulk_text(not_before_ms) + terms.retention
    reply, _ = yield from _ask(terms.guard, FAILED, 3, body)
    return reply


def tell_succeeded(terms: PolicyTerms, job_id: str) -> Steps[Any]:
    """Forget a job's attempts; return how many records went, or why none did."""
    reply, _ = yield from _ask(terms.guard, FORGET, 0, bulk_text(terms.key(job_id)))
    return reply


def tell_limit(terms: PolicyTerms, job_id: str, limit: int) -> Steps[Any]:
    """Give a job a limit of its own; return 1, or why it has none."""
    body = bulk_text(terms.key(job_id)) + bulk(str(limit).encode("ascii")) + terms.retention
    reply, _ = yield from _ask(terms.guard, LIMIT, 2, body)
    return reply


def _ask(guard: Terms, script: Script, count: int, body: bytes) -> Steps[tuple[Any, bool]]:
    """Run a script on the store that was prepared; return its reply, a StoreFailure, or why the store is no use."""
    lost: StoreFailure | None = None
    for step in (OPEN, OPEN_FRESH):
        facts = yield step
        reply: Any = facts
        if type(facts) is not StoreFailure:
            obstacle = None if facts.ready else (yield from verify(guard, facts))
            if obstacle is None and facts.quarantined:
                obstacle = QUARANTINED
            if type(obstacle) is str:
                return obstacle, False
            reply = obstacle
        if reply is None:
            reply, confirmed = yield from ask_confirmed(guard, script, count, body)
            if type(reply) is not StoreFailure:
                return reply, confirmed
        if lost is not None or not reply.applied_unknown:
            return lost or reply, False
        lost = reply
    raise AssertionError("a question is asked twice at most")
