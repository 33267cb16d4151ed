"""Open doubts, without I/O: find them, say since when they are open, and write a reconciler's word on them.

They are found by SCAN and not by an index: an index beside the records could be lost or late exactly when it is
needed, and would cost every call. Never decides whether an effect happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from .answers import STATE_OF, Record, RecordState
from .effect_types import EffectType, effect_type_of
from .errors import ResultError, UnknownEffectTypeError
from .lua import INSPECT, RESOLVE, bulk, bulk_text, command
from .result_codec import decode_result
from .steps import OPEN, OPEN_FRESH, Exchange, Steps
from .store_failure import StoreFailure
from .store_protocol import StoreReport, ask, assert_safe, identify, usable

if TYPE_CHECKING:
    from .terms import Terms

_SCAN_COUNT = 500
_LETTER_OF = {state: letter for letter, state in STATE_OF.items() if letter is not None}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A record and its store, seen at one moment.

    Attributes:
        record: The record; its state is ABSENT where there is none.
        report: What the store says of itself.
        now_ms: Server time at which the record was read.
    """

    record: Record
    report: StoreReport
    now_ms: int


def look(terms: Terms, effect_type: EffectType, entity_id: str) -> Steps[View]:
    """Return one record as it is.

    Raises:
        StoreError: The store cannot be reached or must not be trusted.
    """
    key = terms.keys.key(entity_id)
    seen: Any = None
    for step in (OPEN, OPEN_FRESH):
        seen = yield step
        if type(seen) is not StoreFailure:
            seen = yield from _look_here(terms, key)
        if type(seen) is not StoreFailure or not seen.applied_unknown:
            break
    report, reply = usable(seen, "look at a record")
    assert_safe(report)
    record = read_record(terms, key, reply, effect_type)
    return View(record=record, report=report, now_ms=reply[0])


def _look_here(terms: Terms, key: str) -> Steps[Any]:
    report = yield from identify(terms)
    if type(report) is StoreFailure:
        return report
    reply = yield from ask(INSPECT, 0, bulk_text(key))
    return reply if type(reply) is StoreFailure else (report, reply)


def read_record(terms: Terms, key: str, reply: list[Any], effect_type: EffectType | None = None) -> Record:
    """Return the record that INSPECT's reply describes; `effect_type` is used where the record names none."""
    _, state, token, payload_hash, kind, lease, fence, identity, started, doubt, updated, result, digest, reason = (
        reply
    )
    chosen = effect_type_of(kind.decode("ascii")) if kind else effect_type
    if chosen is None:
        raise UnknownEffectTypeError(f"the record {key} names no effect type")
    record = Record(
        key=key,
        entity_id=terms.keys.entity_id(key),
        effect_type=chosen,
        state=STATE_OF[state],
        fence=int(fence or 0),
        payload_hash=_text(payload_hash),
        lease_until_ms=_number(lease),
        started_ms=_number(started),
        doubt_ms=_number(doubt),
        updated_ms=_number(updated),
        result_stored=result is not None,
        result_digest=_text(digest),
        reason=_text(reason),
        identity=_text(identity),
        token=_text(token),
    )
    if result is not None:
        try:
            record.result = decode_result(result)
        except ResultError:
            record.result_stored = False
    return record


def doubt_began_ms(terms: Terms, view: View) -> int | None:
    """Return the server time at which the latest possible doubt about a record began; None if there is none.

    A request of the holder may still be sent until then, and be accepted for the request's lifetime after it. A
    record from before the store's loss may have moved on in what was lost: any attempt may have started until the
    loss was seen, and may have sent until its lease was over.
    """
    record, report = view.record, view.report
    began = 0
    if record.state is RecordState.DONE:
        return None
    if record.state is RecordState.STARTED:
        began = record.lease_until_ms or 0
    elif record.state is RecordState.UNCERTAIN:
        began = record.doubt_ms or 0
    absent = record.state is RecordState.ABSENT
    trusted = not report.quarantined if absent else record.identity == report.identity
    if trusted:
        return began if record.state in {RecordState.STARTED, RecordState.UNCERTAIN} else None
    return max(began, record.lease_until_ms or 0, report.since_ms + terms.lease_ms)


def lease_runs(view: View) -> bool:
    """Return whether a holder may still act under its lease: then the record must be left alone."""
    record = view.record
    holding = record.state in {RecordState.CLAIMED, RecordState.STARTED}
    return holding and (record.lease_until_ms or 0) > view.now_ms


def scan(terms: Terms, limit: int | None) -> Steps[list[View]]:
    """Return at most `limit` records that are in doubt (all for None), in no order. Reads the whole key space.

    Raises:
        StoreError: The store cannot be reached or must not be trusted.
    """
    yield OPEN_FRESH
    report: StoreReport = usable((yield from identify(terms)), "list open doubts")
    assert_safe(report)
    cursor, found, seen = b"0", list[View](), set[bytes]()
    while limit is None or len(found) < limit:
        packet = command("SCAN", cursor.decode("ascii"), "MATCH", terms.keys.prefix + "*", "COUNT", _SCAN_COUNT)
        cursor, keys = usable((yield packet), "list open doubts")
        fresh = [key for key in keys if key not in seen]
        seen.update(fresh)
        if fresh:
            found.extend((yield from _views(terms, report, fresh)))
        if cursor == b"0":
            break
    return found[:limit]


def _views(terms: Terms, report: StoreReport, keys: list[bytes]) -> Steps[list[View]]:
    first = usable((yield from ask(INSPECT, 0, bulk(keys[0]))), "read a record")
    replies = [first]
    if keys[1:]:
        packet = b"".join(INSPECT.head[0] + bulk(key) for key in keys[1:])
        replies += usable((yield Exchange(packet, len(keys) - 1)), "read records")
    views = []
    for key, reply in zip(keys, replies, strict=True):
        usable(reply, "read a record")
        if reply[1] is None:
            continue
        view = View(record=read_record(terms, key.decode("ascii"), reply), report=report, now_ms=reply[0])
        if doubt_began_ms(terms, view) is not None:
            views.append(view)
    return views


def resolve(terms: Terms, view: View, state: RecordState, mark: tuple[str, bytes], payload_hash: str) -> Steps[str]:
    """Write DONE or FAILED over the doubt in `view`; return OK, MOVED or RUNNING.

    Raises:
        StoreError: The store gave no usable answer, twice.
    """
    record = view.record
    seen = _LETTER_OF.get(record.state, b"")
    body = b"".join(
        (
            bulk_text(record.key),
            bulk(seen),
            bulk_text(record.token or ""),
            bulk_text(record.fence),
            bulk(_LETTER_OF[state]),
            bulk_text(mark[0]),
            bulk(mark[1]),
            bulk_text(view.report.identity),
            terms.retention,
            bulk_text(record.effect_type.value),
            bulk_text(payload_hash),
        )
    )
    reply: Any = None
    for step in (OPEN, OPEN_FRESH):
        facts = yield step
        reply = facts if type(facts) is StoreFailure else (yield from ask(RESOLVE, 10, body))
        if type(reply) is not StoreFailure or not reply.applied_unknown:
            break
    word: bytes = usable(reply, "resolve a doubt")
    return word.decode("ascii")


def _text(value: bytes | None) -> str | None:
    return value.decode("ascii", "replace") if value is not None else None


def _number(value: bytes | None) -> int | None:
    return int(value) if value else None
