"""What the guard hands out: the claim an effect is given, the record as last seen, the answer of a call.

Values only. Nothing here talks to a store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, final

from .keys import client_order_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .classification import Classification
    from .effect_types import EffectType
    from .outcomes import Outcome


class RecordState(StrEnum):
    """The states of a record; ABSENT where there is none."""

    CLAIMED = "CLAIMED"
    STARTED = "STARTED"
    DONE = "DONE"
    UNCERTAIN = "UNCERTAIN"
    FAILED = "FAILED"
    ABSENT = "ABSENT"


STATE_OF = {
    b"C": RecordState.CLAIMED,
    b"S": RecordState.STARTED,
    b"D": RecordState.DONE,
    b"U": RecordState.UNCERTAIN,
    b"F": RecordState.FAILED,
    None: RecordState.ABSENT,
}
"""From the field `s` of the stored hash to the state."""


@final
@dataclass(slots=True, eq=False)
class Claim:
    """What an effect is given: who it is, and until when it may be sent.

    Attributes:
        key: Key of the record.
        entity_id: The entity as the caller named it.
        effect_type: What kind of effect it is.
        fence: Grows with every takeover of the key; 0 when the guard was bypassed.
        token: Name of this attempt; empty when the guard was bypassed.
        lease_until_ms: Server time, Unix milliseconds: a request must have been sent by then.
        valid_until_ms: Server time, Unix milliseconds: the venue must not accept the request later. Put it into the
            request where the venue knows such a field: this is what stops a holder that was paused in mid-effect.
    """

    key: str
    entity_id: str
    effect_type: EffectType
    fence: int
    token: str = field(repr=False)
    lease_until_ms: int
    valid_until_ms: int

    @property
    def client_order_id(self) -> str:
        """The id by which the venue can be asked; the same for every redelivery of this intent."""
        return client_order_id(self.key, self.effect_type)


@dataclass(slots=True, kw_only=True, eq=False)
class Record:
    """A record as it was last seen; None means not seen by this call.

    Attributes:
        key: Key of the record.
        entity_id: The entity as the caller named it.
        effect_type: What kind of effect it is.
        state: State of the record.
        fence: Number of claims so far.
        payload_hash: SHA-256 of effect type and payload; empty where a reconciler was not told the payload.
        lease_until_ms: End of the lease, server time.
        started_ms: When START was recorded, server time.
        doubt_ms: When the doubt began, server time.
        updated_ms: Last change, server time.
        result: The decoded result of a DONE record, if one is stored.
        result_stored: Whether `result` was stored (a stored None is not a missing result).
        result_digest: SHA-256 of a result that was not stored because of its size or on request.
        reason: Why a FAILED or UNCERTAIN record is what it is: a class name and a code, never a text of the venue.
        identity: Store identity under which it was last claimed or resolved.
        token: Attempt that holds it.
    """

    key: str
    entity_id: str
    effect_type: EffectType
    state: RecordState
    fence: int = 0
    payload_hash: str | None = None
    lease_until_ms: int | None = None
    started_ms: int | None = None
    doubt_ms: int | None = None
    updated_ms: int | None = None
    result: Any = None
    result_stored: bool = False
    result_digest: str | None = None
    reason: str | None = None
    identity: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    @property
    def client_order_id(self) -> str:
        """The id by which the venue can be asked for this effect."""
        return client_order_id(self.key, self.effect_type)


@final
@dataclass(slots=True, eq=False)
class GuardResult:
    """The answer of `execute_once`; unpacks into `executed, result`.

    Attributes:
        outcome: One of the seventeen.
        executed: True only when this very call did the effect.
        result: What the effect returned, or its replay; None where there is none.
        key: Key of the record.
        entity_id: The entity as the caller named it.
        effect_type: What kind of effect it is.
        fence: Fence of the claim or of the record seen; 0 where none was.
        record: The record as last seen by this call, or None.
        remaining_ms: IN_PROGRESS only: milliseconds that the other holder's lease still runs.
        error: What the effect raised, or why the store was no use; None otherwise.
        classification: How `error` was judged, when the effect raised it.
        reason: One phrase for people and logs: why a refusal, doubt or fence. Holds no payload and no result.
        token: Set only where this call certainly ran no effect but may have left a claim: hand it back as `token=`
            to go on at once instead of waiting for the lease. Good for one call.
    """

    outcome: Outcome
    executed: bool
    result: Any
    key: str
    entity_id: str
    effect_type: EffectType
    fence: int = 0
    record: Record | None = None
    remaining_ms: int | None = None
    error: Exception | None = None
    classification: Classification | None = None
    reason: str | None = None
    token: str | None = field(default=None, repr=False)

    def __iter__(self) -> Iterator[Any]:
        yield self.executed
        yield self.result

    @property
    def client_order_id(self) -> str:
        """The id by which the venue can be asked for this effect."""
        return client_order_id(self.key, self.effect_type)
