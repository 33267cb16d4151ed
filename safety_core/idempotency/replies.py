"""How the claim script's reply reads. Pure: a reply in, a claim or an answer out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from .answers import STATE_OF, GuardResult, Record, RecordState
from .errors import ResultError
from .outcomes import Outcome
from .result_codec import decode_result
from .store_protocol import QUARANTINED

if TYPE_CHECKING:
    from collections.abc import Callable

    from .intent import Intent


@final
@dataclass(slots=True, eq=False)
class Claimed:
    """The claim is ours.

    Attributes:
        fence: Number of this claim of the key.
        lease_until_ms: When it ends, server time.
        identity: The store that gave it.
    """

    fence: int
    lease_until_ms: int
    identity: str


def read_claim_reply(intent: Intent, identity: str, reply: Any) -> Claimed | GuardResult:
    """Return the claim, or the answer that ends the call."""
    word = reply[0]
    if word == b"NEW":
        return Claimed(reply[1], reply[2], identity)
    answer = GuardResult(
        Outcome.REPLAYED, False, None, intent.key, intent.entity_id, intent.effect_type, fence=reply[1]
    )
    _READERS[word](intent, answer, reply)
    return answer


def _record(intent: Intent, answer: GuardResult, state: RecordState) -> Record:
    record = Record(
        key=intent.key,
        entity_id=intent.entity_id,
        effect_type=intent.effect_type,
        state=state,
        fence=answer.fence,
        payload_hash=intent.payload_hash,
    )
    answer.record = record
    return record


def _done(intent: Intent, answer: GuardResult, reply: Any) -> None:
    record = _record(intent, answer, RecordState.DONE)
    stored, digest = reply[2], reply[3]
    if stored is None:
        record.result_digest = digest.decode("ascii") if digest else None
        answer.reason = "the result was not stored"
        return
    try:
        answer.result = record.result = decode_result(stored)
        record.result_stored = True
    except ResultError as error:
        answer.error = error
        answer.reason = "the stored result cannot be read back"


def _failed(intent: Intent, answer: GuardResult, reply: Any) -> None:
    answer.outcome = Outcome.REPLAYED_FAILURE
    record = _record(intent, answer, RecordState.FAILED)
    record.reason = answer.reason = (reply[2] or b"").decode("ascii", "replace")


def _in_doubt(intent: Intent, answer: GuardResult, reply: Any) -> None:
    answer.outcome = Outcome.IN_DOUBT
    record = _record(intent, answer, RecordState.UNCERTAIN)
    record.started_ms = int(reply[2]) if reply[2] else None
    record.doubt_ms = int(reply[3]) if reply[3] else None
    answer.reason = "an earlier holder may have done the effect: reconcile"


def _busy(intent: Intent, answer: GuardResult, reply: Any) -> None:
    answer.outcome = Outcome.IN_PROGRESS
    answer.remaining_ms = reply[2]
    _record(intent, answer, STATE_OF[reply[3]])
    answer.reason = "another holder's lease still runs"


def _conflict(intent: Intent, answer: GuardResult, reply: Any) -> None:
    answer.outcome = Outcome.CONFLICT
    _record(intent, answer, STATE_OF[reply[2]]).payload_hash = None
    answer.reason = "the key is in use for another payload or effect type"


def _expired(intent: Intent, answer: GuardResult, reply: Any) -> None:  # noqa: ARG001 - one signature for all readers
    answer.outcome = Outcome.KEY_EXPIRED
    answer.reason = "the intent was minted before the memory of the guard begins"


def _quarantined(intent: Intent, answer: GuardResult, reply: Any) -> None:  # noqa: ARG001 - one signature for all
    answer.outcome = Outcome.REFUSED_STORE_UNSAFE
    answer.reason = QUARANTINED


def _ended(intent: Intent, answer: GuardResult, reply: Any) -> None:  # noqa: ARG001 - one signature for all readers
    # Only a repeat that arrives after its own attempt has ended is told so, and then nobody is listening.
    answer.outcome = Outcome.LEASE_LOST_BEFORE_EFFECT
    answer.reason = "this attempt has already ended"


_READERS: dict[bytes, Callable[[Intent, GuardResult, Any], None]] = {
    b"DONE": _done,
    b"FAILED": _failed,
    b"IN_DOUBT": _in_doubt,
    b"BUSY": _busy,
    b"CONFLICT": _conflict,
    b"EXPIRED": _expired,
    b"QUARANTINED": _quarantined,
    b"ENDED": _ended,
}
