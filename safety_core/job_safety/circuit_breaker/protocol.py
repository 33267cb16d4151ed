"""The protocol of the breaker, without I/O: ALLOW before a call, RECORD after it, FORCE and REPORT for operators.

The one source of truth for the blocking and the asyncio breaker: generators that yield steps (see
`safety_core.idempotency.steps`). Each question carries a token, so that it may be asked again when its reply is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safety_core.idempotency.lua import bulk, bulk_text
from safety_core.idempotency.steps import OPEN, OPEN_FRESH, Steps
from safety_core.idempotency.store_failure import StoreFailure
from safety_core.idempotency.store_protocol import usable

from .machine import milliseconds
from .scripts import ALLOW, FORCE, RECORD, REPORT
from .settings import MAX_SECONDS, WithoutRedis
from .states import (
    LETTER_OF,
    LETTERS,
    STATE_OF,
    BreakerReport,
    BreakerState,
    CallOutcome,
    Override,
    Permit,
    Recorded,
    Transition,
)

if TYPE_CHECKING:
    from safety_core.idempotency.lua import Script

    from .overriding import OverrideRequest
    from .terms import BreakerTerms, Place, Places

_ADMITTED = 1
_OF_ONE_SCOPE = 4
"""Words of an admission by one scope; a refusal has more."""
_COUNTED = Recorded(("counted",))
_ZERO_BULK = bulk_text(0)
_LETTER_BULK = {letter: bulk_text(letter) for pair in LETTERS.values() for letter in pair}


def allow(terms: BreakerTerms, job_type: str, token: str) -> Steps[Permit]:
    """Ask whether a call may go ahead; return the answer."""
    places = terms.places(job_type)
    body = places.keys + bulk_text(token) + terms.retention + places.allow_tail
    reply = yield from _ask_twice(ALLOW[len(places.each)], 2 + 2 * len(places.each), body)
    if type(reply) is StoreFailure:
        return _without_redis(terms, places, job_type, token)
    if len(reply) == _OF_ONE_SCOPE and reply[1] == b"C" and terms.local.is_idle:
        # The usual answer, at the least cost: one scope, closed, and nothing that this process remembers otherwise.
        return Permit(job_type, True, BreakerState.CLOSED, token=token, epochs=(reply[2],))
    if reply[0] != _ADMITTED:
        place, letter, wait_ms = places.each[reply[1]], reply[2].decode(), reply[3]
        if letter == "O":
            terms.local.learn(place, letter, reply[5], wait_ms)
        return Permit(job_type, False, STATE_OF[letter], place.scope, wait_ms / 1000, reply[4].decode(), token)
    epochs: list[int] = []
    transitions: list[Transition] = []
    for place, letter, epoch, moved in zip(places.each, reply[1::3], reply[2::3], reply[3::3], strict=True):
        forgotten_ms = terms.local.forgotten_ms(place, epoch)
        if forgotten_ms:
            state, wait_s = BreakerState.OPEN, forgotten_ms / 1000
            return Permit(job_type, False, state, place.scope, wait_s, "store_lost", token, local=True)
        terms.local.learn(place, letter.decode(), epoch, 0)
        epochs.append(epoch)
        if moved:
            transitions.append(_transition(place, moved.decode(), epoch))
    state = STATE_OF[reply[-3].decode()]
    return Permit(job_type, True, state, token=token, epochs=tuple(epochs), transitions=tuple(transitions))


def record(terms: BreakerTerms, permit: Permit, outcome: CallOutcome, retry_after_s: float) -> Steps[Recorded]:
    """Tell how a call ended; return what became of it."""
    places = terms.places(permit.job_type)
    letters = LETTERS[outcome][-len(places.each) :]
    not_before_ms = milliseconds(min(retry_after_s, MAX_SECONDS)) if retry_after_s else 0
    if permit.local or not permit.epochs:
        return terms.local.record(places, permit, letters, not_before_ms)
    not_before = bulk_text(not_before_ms) if not_before_ms else _ZERO_BULK
    body = [places.keys, bulk_text(permit.token), terms.retention, not_before]
    for letter, epoch, tail in zip(letters, permit.epochs, places.record_tails, strict=True):
        body += [_LETTER_BULK[letter], bulk_text(epoch), tail]
    reply = yield from _ask_twice(RECORD[len(places.each)], 3 + 6 * len(places.each), b"".join(body))
    if type(reply) is StoreFailure:
        return terms.local.record(places, permit, letters, not_before_ms)
    if reply[0] == b"counted" and reply[1:4:2] == [b"", b"C"] and len(places.each) == 1 and terms.local.is_idle:
        return _COUNTED
    counted: list[str] = []
    transitions: list[Transition] = []
    for number, place in enumerate(places.each):
        word, moved, epoch, letter, open_ms = reply[5 * number : 5 * number + 5]
        counted.append(word.decode())
        terms.local.learn(place, letter.decode(), epoch, open_ms)
        if moved:
            reason = _reason(letters[number], moved.decode())
            transitions.append(_transition(place, moved.decode(), epoch, reason=reason, open_ms=open_ms))
    return Recorded(tuple(counted), tuple(transitions))


def force(terms: BreakerTerms, asked: OverrideRequest, token: str) -> Steps[Transition | None]:
    """Hold a scope in a state, or let go of it (None); return what it changed.

    Raises:
        StoreError: Redis did not answer; the override may stand or not.
    """
    place, state, for_ms = asked.place, asked.state, milliseconds(asked.for_s)
    body = b"".join(
        (
            place.keys,
            bulk_text(token),
            terms.retention,
            bulk_text(LETTER_OF[state] if state is not None else ""),
            bulk_text(for_ms),
            bulk(asked.actor.encode("utf-8", "replace")),
            bulk(asked.reason.encode("utf-8", "replace")),
        )
    )
    moved, epoch, _ = usable((yield from _ask_twice(FORCE, 6, body)), f"override the breaker of {place.name}")
    if not moved:
        return None
    return _transition(place, moved.decode(), epoch, reason="override", open_ms=for_ms, actor=asked.actor)


def report(place: Place) -> Steps[BreakerReport]:
    """Return what stands of one scope.

    Raises:
        StoreError: Redis did not answer.
    """
    body = place.keys + bulk_text(milliseconds(place.limits.window_s))
    words = usable((yield from _ask_twice(REPORT, 1, body)), f"ask about the breaker of {place.name}")
    state = STATE_OF[words[0].decode()]
    override = None
    if words[6]:
        override = Override(
            state=STATE_OF[words[6].decode()],
            actor=words[8].decode("utf-8", "replace"),
            reason=words[9].decode("utf-8", "replace"),
            remaining_s=words[7] / 1000,
        )
    return BreakerReport(
        scope=place.scope,
        name=place.name,
        state=state,
        epoch=words[1],
        open_s=words[2] / 1000 if state is BreakerState.OPEN else 0.0,
        failures=words[3] if state is BreakerState.CLOSED else 0,
        probes=words[3] if state is BreakerState.HALF_OPEN else 0,
        successes=words[4],
        reason=words[5].decode(),
        override=override,
    )


def _ask_twice(script: Script, count: int, body: bytes) -> Steps[Any]:
    """Run a script, once more on a fresh connection when the reply was lost; return the reply or a StoreFailure."""
    reply: Any = None
    for step in (OPEN, OPEN_FRESH):
        facts = yield step
        reply = facts
        if type(facts) is not StoreFailure:
            reply = yield script.head[count] + body
            if type(reply) is StoreFailure and reply.code == "NOSCRIPT":
                reply = yield script.full_head[count] + body
        if type(reply) is not StoreFailure or not reply.applied_unknown:
            break
    return reply


def _without_redis(terms: BreakerTerms, places: Places, job_type: str, token: str) -> Permit:
    policy = terms.settings.without_redis
    if policy is WithoutRedis.LOCAL:
        return terms.local.allow(places, job_type, token)
    if policy is WithoutRedis.ADMIT:
        return Permit(job_type, True, BreakerState.CLOSED, token=token, local=True)
    return Permit(job_type, False, BreakerState.OPEN, places.each[0].scope, 1.0, "store", token, local=True)


def _reason(letter: str, moved: str) -> str:
    if moved[1] != "O":
        return ""
    if letter == "R":
        return "limit"
    return "probe" if moved[0] == "H" else "failures"


def _transition(
    place: Place, moved: str, epoch: int, *, reason: str = "", open_ms: int = 0, actor: str = ""
) -> Transition:
    return Transition(
        scope=place.scope,
        name=place.name,
        before=STATE_OF[moved[0]],
        after=STATE_OF[moved[1]],
        reason=reason,
        epoch=epoch,
        open_s=open_ms / 1000 if moved[1] == "O" else 0.0,
        actor=actor,
    )
