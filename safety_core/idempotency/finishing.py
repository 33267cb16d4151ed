"""The last third of the protocol, without I/O: the effect is over, and the record must say so.

An effect that may have happened is never reported as one that did not, whatever becomes of the record.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from .answers import GuardResult, Record, RecordState
from .classification import Classification, classify_effect_error
from .errors import ResultError
from .failure_table import Verdict
from .lua import bulk
from .outcomes import Outcome
from .result_codec import encode_result
from .steps import OPEN, OPEN_FRESH, Steps
from .store_failure import StoreFailure
from .store_protocol import ask_confirmed

if TYPE_CHECKING:
    from .intent import Intent
    from .terms import Terms

_RESULT = b"$1\r\nD\r\n$1\r\nr\r\n"
_DIGEST = b"$1\r\nD\r\n$1\r\ng\r\n"
_UNCERTAIN = b"$1\r\nU\r\n$1\r\nx\r\n"
_FAILED = b"$1\r\nF\r\n$1\r\nx\r\n"
_UNCONFIRMED = "the mark stands on the primary, but too few copies confirmed it in time"


def conclude(
    terms: Terms, intent: Intent, fence: int, performed: tuple[bool, Any], judged: Classification | None = None
) -> Steps[GuardResult]:
    """Record what became of the effect; return the answer of the call.

    Args:
        terms: The guard.
        intent: The wanted effect.
        fence: Fence of the claim under which it ran.
        performed: (True, what it returned) or (False, the Exception it raised).
        judged: What its failure says of it; None asks the classification table.
    """
    returned, value = performed
    if returned:
        return (yield from _done(terms, intent, fence, value))
    return (yield from _failed(terms, intent, fence, value, judged or classify_effect_error(value)))


def _done(terms: Terms, intent: Intent, fence: int, result: Any) -> Steps[GuardResult]:
    outcome = Outcome.EXECUTED
    record = Record(
        key=intent.key,
        entity_id=intent.entity_id,
        effect_type=intent.effect_type,
        state=RecordState.DONE,
        fence=fence,
        payload_hash=intent.payload_hash,
        result=result,
    )
    reason = None
    try:
        text = encode_result(result)
        record.result_stored = intent.store_result and len(text) <= terms.settings.max_result_bytes
        if not record.result_stored:
            record.result_digest = hashlib.sha256(text).hexdigest()
            if intent.store_result:
                reason = f"the encoded result takes {len(text)} bytes, more than max_result_bytes"
    except ResultError as error:
        text = b""
        reason = str(error) if intent.store_result else None
    if reason is not None:
        outcome = Outcome.EXECUTED_RESULT_UNSTORABLE
    if record.result_stored:
        mark = _RESULT + bulk(text)
    else:
        mark = _DIGEST + bulk((record.result_digest or "").encode("ascii"))
    reply, confirmed = yield from _record_end(terms, intent, mark)
    error_seen: Exception | None = None
    if type(reply) is StoreFailure:
        outcome, reason, error_seen = Outcome.EXECUTED_UNRECORDED, f"finish: {reply.code}", reply.error
    elif reply != 1:
        outcome, reason = Outcome.EXECUTED_FENCED, "the claim was lost while the effect ran"
    elif terms.durable and not confirmed:
        outcome, reason = Outcome.EXECUTED_UNRECORDED, _UNCONFIRMED
    return GuardResult(
        outcome,
        True,
        result,
        intent.key,
        intent.entity_id,
        intent.effect_type,
        fence=fence,
        record=record if error_seen is None and outcome is not Outcome.EXECUTED_FENCED else None,
        error=error_seen,
        reason=reason,
    )


def _failed(terms: Terms, intent: Intent, fence: int, error: Exception, judged: Classification) -> Steps[GuardResult]:
    definite = judged.verdict is Verdict.NOT_EXECUTED
    word = _word(error)
    mark = (_FAILED if definite else _UNCERTAIN) + bulk(word.encode("ascii", "replace"))
    reply, _ = yield from _record_end(terms, intent, mark)
    record = None
    reason = judged.why
    if type(reply) is StoreFailure:
        reason = f"{reason}; not recorded: {reply.code}"
    elif reply != 1:
        reason = f"{reason}; not recorded: the claim was lost while the effect ran"
    else:
        record = Record(
            key=intent.key,
            entity_id=intent.entity_id,
            effect_type=intent.effect_type,
            state=RecordState.FAILED if definite else RecordState.UNCERTAIN,
            fence=fence,
            payload_hash=intent.payload_hash,
            reason=word,
        )
    return GuardResult(
        Outcome.FAILED_DEFINITE if definite else Outcome.EFFECT_UNCERTAIN,
        False,
        None,
        intent.key,
        intent.entity_id,
        intent.effect_type,
        fence=fence,
        record=record,
        error=error,
        classification=judged,
        reason=reason,
    )


def _record_end(terms: Terms, intent: Intent, mark: bytes) -> Steps[tuple[Any, bool]]:
    """Send the mark, once more on a fresh connection when it failed in any way.

    The store is not asked who it is: the mark is news that no other store can be harmed by, and the token guards it.
    """
    body = b"".join((intent.key_bulk, intent.token_bulk, mark, terms.retention))
    reply: Any = None
    for step in (OPEN, OPEN_FRESH):
        facts = yield step
        if type(facts) is StoreFailure:
            reply = facts
            continue
        reply, confirmed = yield from ask_confirmed(terms, terms.finish, 5, body)
        if type(reply) is not StoreFailure:
            return reply, confirmed
    return reply, False


def _word(error: Exception) -> str:
    """Return a class name and a code: enough to find the row, nothing of the venue's text."""
    name = type(error).__name__
    code = getattr(error, "code", None)
    if isinstance(code, int):
        return f"{name} {code}"
    status = getattr(error, "status", None)
    return f"{name} {status}" if isinstance(status, int) else name
