"""The protocol of one guarded effect, without I/O: CLAIM, START, the effect, FINISH.

The one source of truth for the blocking and the asyncio guard: a generator that yields steps (see `steps`) and is
sent their answers. It must never ask for the effect unless a claim, and in strict and durable mode a START, was
answered on a store that is the one that was prepared; never ask for it twice; and never catch what is no Exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from .answers import Claim, GuardResult, Record, RecordState
from .finishing import conclude
from .intent import Intent, resume_token
from .lua import CLAIM, RELEASE, START
from .outcomes import Outcome
from .replies import Claimed, read_claim_reply
from .settings import StoreLoss
from .steps import OPEN, OPEN_FRESH, Steps
from .store_failure import StoreFailure, refusal_of
from .store_protocol import QUARANTINED, ask, ask_confirmed, verify
from .terms import TYPE_BULK, Terms

_STORE_REFUSALS = frozenset({Outcome.REFUSED_STORE_UNAVAILABLE, Outcome.REFUSED_STORE_UNSAFE, Outcome.CLAIM_UNKNOWN})
_UNCONFIRMED = "too few copies confirmed the write in time; the claim was given back"


@final
@dataclass(slots=True, eq=False)
class Begun:
    """The effect may be run now, by whoever began it, and must then be concluded (see `finishing`).

    Attributes:
        claim: What the effect is given.
        bypassed: Why it runs unguarded; None where it is guarded.
    """

    claim: Claim
    bypassed: str | None = None


def execute(terms: Terms, intent: Intent) -> Steps[GuardResult]:
    """Guard one effect; return its answer. Yields steps, see `steps`."""
    begun = yield from begin(terms, intent, starts=terms.starts)
    if type(begun) is GuardResult:
        return begun
    performed = yield begun.claim
    if begun.bypassed is not None:
        return conclude_bypassed(intent, begun.bypassed, performed)
    return (yield from conclude(terms, intent, begun.claim.fence, performed))


def begin(terms: Terms, intent: Intent, *, starts: bool) -> Steps[Begun | GuardResult]:
    """Claim and start an effect; return the claim under which it may run, or the answer that ends the call.

    Args:
        terms: The guard.
        intent: The wanted effect.
        starts: Whether START is sent. Without it a claim whose lease is over is taken over, not in doubt, so that it
            may be left out only where the effect may run again (and in fast mode, where CLAIM starts as well).
    """
    if not terms.settings.enabled:
        return _unguarded(intent, "the guard is disabled")
    begun = terms.clock()
    claimed = yield from _claim(terms, intent)
    if type(claimed) is GuardResult:
        return _refused(terms, intent, claimed)
    if starts:
        refused = yield from _start(terms, intent, claimed)
        if refused is not None:
            return _refused(terms, intent, refused)
    if terms.clock() - begun >= terms.settings.lease_s:
        yield from _release(terms, intent)
        return _refuse(intent, Outcome.LEASE_LOST_BEFORE_EFFECT, "the lease ended before the effect", claimed)
    return Begun(
        Claim(
            intent.key,
            intent.entity_id,
            intent.effect_type,
            claimed.fence,
            intent.token,
            claimed.lease_until_ms,
            claimed.lease_until_ms + terms.life_ms,
        )
    )


def _refused(terms: Terms, intent: Intent, answer: GuardResult) -> Begun | GuardResult:
    """Return a refusal, or let the effect run unguarded where the store failed and the policy says so."""
    policy = terms.settings.store_loss[intent.effect_type]
    if policy is StoreLoss.BYPASS and answer.outcome in _STORE_REFUSALS:
        return _unguarded(intent, f"{answer.outcome}: {answer.reason}")
    return answer


def _claim(terms: Terms, intent: Intent) -> Steps[Claimed | GuardResult]:
    """Ask for the claim, once more on a fresh connection when the reply was lost."""
    lost: StoreFailure | None = None
    for step in (OPEN, OPEN_FRESH):
        facts = yield step
        failure = facts if type(facts) is StoreFailure else None
        if failure is None and not facts.ready:
            obstacle = yield from verify(terms, facts)
            if type(obstacle) is str:
                return _refuse(intent, Outcome.REFUSED_STORE_UNSAFE, obstacle, unrun=lost is not None)
            if type(obstacle) is StoreFailure:
                # Asking who the store is changes nothing that a claim could stand on.
                return _not_claimed(intent, obstacle, lost)
        if failure is None:
            body = b"".join(
                (
                    intent.key_bulk,
                    intent.token_bulk,
                    b"$64\r\n%b\r\n" % intent.payload_hash.encode("ascii"),
                    TYPE_BULK[intent.effect_type],
                    facts.claim_tail,
                    intent.extra,
                )
            )
            reply, confirmed = yield from ask_confirmed(terms, CLAIM, 9 + intent.extra_count, body)
            if type(reply) is not StoreFailure:
                answer = read_claim_reply(intent, facts.identity, reply)
                if type(answer) is Claimed and terms.durable and not confirmed:
                    yield from _release(terms, intent)
                    return _refuse(intent, Outcome.REFUSED_STORE_UNSAFE, f"claim: {_UNCONFIRMED}", answer, unrun=True)
                return answer
            failure = reply
        if lost is not None or not failure.applied_unknown:
            return _not_claimed(intent, failure, lost)
        lost = failure
    raise AssertionError("a claim is asked for twice at most")


def _not_claimed(intent: Intent, failure: StoreFailure, lost: StoreFailure | None) -> GuardResult:
    outcome = refusal_of(failure) if lost is None else Outcome.CLAIM_UNKNOWN
    answer = _refuse(intent, outcome, f"claim: {failure.code}", unrun=lost is not None)
    answer.error = failure.error
    return answer


def _start(terms: Terms, intent: Intent, claimed: Claimed) -> Steps[GuardResult | None]:
    """Ask the last question before the effect; return None to go on, else the answer that ends the call."""
    body = intent.key_bulk + intent.token_bulk
    reply, confirmed = yield from ask_confirmed(terms, START, 1, body)
    repeated = type(reply) is StoreFailure and reply.applied_unknown
    if repeated:
        reply, confirmed = yield from _start_again(terms, claimed, body)
    if type(reply) is StoreFailure:
        outcome = Outcome.CLAIM_UNKNOWN if repeated else refusal_of(reply)
        answer = _refuse(intent, outcome, f"start: {reply.code}", claimed, unrun=True)
        answer.error = reply.error
        return answer
    if type(reply) is str:
        return _refuse(intent, Outcome.REFUSED_STORE_UNSAFE, reply, claimed, unrun=True)
    if reply != 1:
        if repeated:
            # The first START may have been applied in time: do not leave a doubt where there is none.
            yield from _release(terms, intent)
        reason = "START found another holder, or the lease over"
        return _refuse(intent, Outcome.LEASE_LOST_BEFORE_EFFECT, reason, claimed, unrun=True)
    if terms.durable and not confirmed:
        yield from _release(terms, intent)
        return _refuse(intent, Outcome.REFUSED_STORE_UNSAFE, f"start: {_UNCONFIRMED}", claimed, unrun=True)
    return None


def _start_again(terms: Terms, claimed: Claimed, body: bytes) -> Steps[tuple[Any, bool]]:
    """Repeat START on a fresh connection to the very same store; return the reply, or why it was not sent."""
    facts = yield OPEN_FRESH
    if type(facts) is StoreFailure:
        return facts, False
    obstacle = yield from verify(terms, facts)
    if obstacle is not None:
        return obstacle, False
    if facts.identity != claimed.identity:
        return QUARANTINED, False
    return (yield from ask_confirmed(terms, START, 1, body))


def _release(terms: Terms, intent: Intent) -> Steps[None]:
    """Give the claim back, as well as it goes: this attempt has run nothing and never will.

    A release that is lost leaves a claim whose lease runs out, or a doubt that a reconciler clears.
    """
    facts = yield OPEN
    if type(facts) is not StoreFailure:
        yield from ask(RELEASE, 2, intent.key_bulk + intent.token_bulk + terms.retention)


def _unguarded(intent: Intent, reason: str) -> Begun:
    return Begun(Claim(intent.key, intent.entity_id, intent.effect_type, 0, "", 0, 0), reason)


def conclude_bypassed(intent: Intent, reason: str, performed: tuple[bool, Any]) -> GuardResult:
    """Return the answer of an effect that ran unguarded."""
    returned, value = performed
    answer = _refuse(intent, Outcome.BYPASSED, reason)
    if returned:
        answer.executed, answer.result = True, value
    else:
        answer.error = value
    return answer


def _refuse(
    intent: Intent, outcome: Outcome, reason: str, claimed: Claimed | None = None, *, unrun: bool = False
) -> GuardResult:
    """Return the answer of a call that did not run the effect."""
    answer = GuardResult(outcome, False, None, intent.key, intent.entity_id, intent.effect_type, reason=reason)
    if claimed is not None:
        answer.fence = claimed.fence
        answer.record = Record(
            key=intent.key,
            entity_id=intent.entity_id,
            effect_type=intent.effect_type,
            state=RecordState.CLAIMED,
            fence=claimed.fence,
            payload_hash=intent.payload_hash,
            lease_until_ms=claimed.lease_until_ms,
        )
    if unrun:
        answer.token = resume_token(intent.token)
    return answer
