"""What a history is made of: one frozen value per line of ``history.jsonl``.

The order of events is the order of truth. In an exploration it is the order in which the gate let things
happen; in a run of real processes it is the order of one monotonic clock (``at_ns``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, get_args

from msgspec import MsgspecError, Struct, structs
from msgspec.json import Decoder

from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping


class MalformedEventError(ValueError):
    """A stored line is no event of this format."""


class _Told(Struct, frozen=True, kw_only=True, tag_field="event", forbid_unknown_fields=True, gc=False):
    """What all events are: values without a cycle, which the garbage collector need not look at."""


class Invoke(_Told, frozen=True, kw_only=True, tag="invoke"):
    """A process called the guard. ``delivery`` is 0 for the first delivery, then 1, 2, ... for redeliveries."""

    event: ClassVar[str] = "invoke"
    process: str
    op: int
    key: str
    payload: str
    effect_type: str = "order"
    delivery: int = 0
    at_ns: int | None = None


class Complete(_Told, frozen=True, kw_only=True, tag="complete"):
    """The guard answered. ``result`` is the canonical JSON text of what it returned, only with OK."""

    event: ClassVar[str] = "complete"
    process: str
    op: int
    outcome: Outcome
    word: str = ""
    result: str | None = None
    detail: str = ""
    at_ns: int | None = None


class EffectCall(_Told, frozen=True, kw_only=True, tag="effect_call"):
    """A process asked the venue for the effect. ``call`` counts the calls of one operation from 1."""

    event: ClassVar[str] = "effect_call"
    process: str
    op: int
    call: int
    key: str
    payload: str
    effect_type: str = "order"
    order_id: str | None = None
    fence: int | None = None
    at_ns: int | None = None


class EffectReply(_Told, frozen=True, kw_only=True, tag="effect_reply"):
    """What the process was told: ``receipt``, ``timeout`` (ambiguous) or ``rejected`` (certainly not done)."""

    event: ClassVar[str] = "effect_reply"
    process: str
    op: int
    call: int
    answer: str
    receipt: str | None = None
    at_ns: int | None = None


class Landed(_Told, frozen=True, kw_only=True, tag="landed"):
    """One line of the venue's own book: an effect is done. ``n`` numbers the effects of one key from 1."""

    event: ClassVar[str] = "landed"
    key: str
    n: int
    payload: str
    effect_type: str
    process: str
    order_id: str | None = None
    fence: int | None = None
    receipt: str | None = None
    at_ns: int | None = None


class Fault(_Told, frozen=True, kw_only=True, tag="fault"):
    """A fault was injected. ``witness`` says how it is known to have bitten; empty means unwitnessed."""

    event: ClassVar[str] = "fault"
    kind: str
    process: str | None = None
    at: str = ""
    witness: str = ""
    at_ns: int | None = None


class Died(_Told, frozen=True, kw_only=True, tag="died"):
    """A process is dead from here on."""

    event: ClassVar[str] = "died"
    process: str
    at_ns: int | None = None


class Phase(_Told, frozen=True, kw_only=True, tag="phase"):
    """The run enters a phase: workload, heal, redeliver (past the lease) or redeliver_early, zombie, settle."""

    event: ClassVar[str] = "phase"
    name: str
    at_ns: int | None = None


class Reconciled(_Told, frozen=True, kw_only=True, tag="reconciled"):
    """The subject was asked to reconcile a key. ``answer``: resolved, open, or error."""

    event: ClassVar[str] = "reconciled"
    process: str
    key: str
    answer: str
    at_ns: int | None = None


class BreakerTerms(_Told, frozen=True, kw_only=True, tag="breaker_terms"):
    """The subject keeps a circuit breaker, on these terms; the first event of a history, or not in it.

    ``failures`` open it, it stays open for ``lease_s`` seconds, then lets ``probes`` calls through at once, whose
    permits end by themselves after ``lease_s``. All calls of the history are calls of one breaker.
    """

    event: ClassVar[str] = "breaker_terms"
    failures: int
    probes: int
    lease_s: float
    at_ns: int | None = None


class RetryTerms(_Told, frozen=True, kw_only=True, tag="retry_terms"):
    """The subject limits how often a job is tried, on these terms; the first event of a history, or not in it.

    A job is tried ``attempts`` times at most until a try of it succeeds. Between the nth try and the next one lie
    ``cooldown_s`` seconds, doubled with each try after the first, and never more than ``longest_s``.
    """

    event: ClassVar[str] = "retry_terms"
    attempts: int
    cooldown_s: float
    longest_s: float
    at_ns: int | None = None


class Audited(_Told, frozen=True, kw_only=True, tag="audited"):
    """A record of the subject's audit, as it was read in the end. ``side``: intent (before an act) or outcome."""

    event: ClassVar[str] = "audited"
    key: str
    side: str
    at_ns: int | None = None


class AuditRead(_Told, frozen=True, kw_only=True, tag="audit_read"):
    """The subject's audit was read to its end; ``problem`` is what its own reader says is wrong, else empty."""

    event: ClassVar[str] = "audit_read"
    problem: str = ""
    at_ns: int | None = None


Event = (
    Invoke
    | Complete
    | EffectCall
    | EffectReply
    | Landed
    | Fault
    | Died
    | Phase
    | Reconciled
    | BreakerTerms
    | RetryTerms
    | Audited
    | AuditRead
)

_E = TypeVar("_E", bound=Event)

_KINDS: dict[str, type[Event]] = {kind.event: kind for kind in get_args(Event)}
_OUTCOMES = {str(outcome): outcome for outcome in Outcome}

_USUAL: Decoder[Event] = Decoder(
    Invoke | Complete | EffectCall | EffectReply | Landed | Fault | Died | Phase | Reconciled
)
"""Reads what nearly all lines are. Of terms it would make a float where a whole number stands."""


def changed(event: _E, **values: Any) -> _E:
    """Return *event* with other values of some of its fields."""
    return structs.replace(event, **values)


def to_object(event: Event) -> dict[str, Any]:
    """Return *event* as a JSON object; fields that hold None are left out."""
    stored: dict[str, Any] = {"event": event.event}
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if value is not None:
            stored[name] = value
    return stored


def from_usual(text: bytes) -> Event | None:
    """Return the event of a JSON object that :func:`to_object` gave, in a tenth of the time of :func:`from_object`.

    None says no more than that this is not an everyday one: :func:`from_object` decides what it is.
    """
    try:
        return _USUAL.decode(text)
    except (MsgspecError, ValueError, RecursionError):
        return None


def from_object(stored: Mapping[str, Any]) -> Event:
    """Return the event that :func:`to_object` stored.

    Raises:
        MalformedEventError: The object has no known event, an unknown or a missing field.
    """
    body = dict(stored.items())
    body.pop("history", None)
    told = body.pop("event", None)
    kind = _KINDS.get(str(told))
    if kind is None:
        expected = ", ".join(sorted(_KINDS))
        raise MalformedEventError(f"unknown event {told!r}; expected one of {expected}")
    if "outcome" in body:
        outcome = _OUTCOMES.get(str(body["outcome"]))
        if outcome is None:
            raise MalformedEventError(f"unknown outcome {body['outcome']!r} in a complete event")
        body["outcome"] = outcome
    if lack := _lack(kind, body):
        raise MalformedEventError(f"a {kind.event} event does not fit its fields: {kind.__name__}.__init__() {lack}")
    return kind(**body)


def _lack(kind: type[Event], body: Mapping[str, Any]) -> str:
    """Return what is wrong with the fields of an event, as a call of a function would say it; empty for nothing."""
    unknown = next((name for name in body if name not in kind.__struct_fields__), None)
    if unknown is not None:
        return f"got an unexpected keyword argument {unknown!r}"
    missing = [repr(field.name) for field in structs.fields(kind) if field.required and field.name not in body]
    if not missing:
        return ""
    *most, last = missing
    what = f"{', '.join(most)}{',' * (len(most) > 1)} and {last}" if most else last
    return f"missing {len(missing)} required keyword-only argument{'s' * bool(most)}: {what}"
