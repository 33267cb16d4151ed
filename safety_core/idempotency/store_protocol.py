"""Questions about the store itself, without I/O: is it the one that was prepared, and prepare it.

Never trusts a store that nobody prepared, and never blesses one that may have lost claims unless told to. The store
is asked once per connection, and again after every failure: a primary that is demoted and promoted again by hand,
without closing its clients' connections (Sentinel closes them), is not noticed before the next connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from .errors import StoreError, StoreQuarantinedError, StoreUnavailableError, StoreUnsafeError
from .lua import IDENTIFY, PREPARE, Script, bulk
from .outcomes import Outcome
from .steps import OPEN, OPEN_FRESH, Exchange, LinkFacts, Steps
from .store_failure import StoreFailure, refusal_of

if TYPE_CHECKING:
    from .terms import Terms

UNPREPARED = "the store was never prepared (or was emptied): run prepare once its first use is certain"
QUARANTINED = "quarantine: the store's identity changed, so claims may be lost; reconcile, then lift it"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReport:
    """What a store says of itself.

    Attributes:
        identity: Its identity now: 20 digits of the run id and 20 of the replication id.
        prepared: The identity that was recorded; None if nobody prepared it.
        quarantined: True when both are there and differ.
        since_ms: Server time at which another identity was first seen; 0 if never.
        now_ms: Server time of this report.
        unsafe: Why claims are refused, or None.
    """

    identity: str
    prepared: str | None
    quarantined: bool
    since_ms: int
    now_ms: int
    unsafe: str | None


def ask(script: Script, count: int, body: bytes) -> Steps[Any]:
    """Run `script` with `count` arguments; return its reply or a StoreFailure.

    A server that forgot the script is sent the whole text.
    """
    reply = yield script.head[count] + body
    if type(reply) is StoreFailure and reply.code == "NOSCRIPT":
        reply = yield script.full_head[count] + body
    return reply


def ask_confirmed(terms: Terms, script: Script, count: int, body: bytes) -> Steps[tuple[Any, bool]]:
    """Run `script` as `ask` does, with the WAIT of durable mode behind it; return the reply and its confirmation."""
    if not terms.wait:
        reply = yield script.head[count] + body
        if type(reply) is StoreFailure and reply.code == "NOSCRIPT":
            reply = yield script.full_head[count] + body
        return reply, not terms.durable
    for head in (script.head, script.full_head):
        replies = yield Exchange(head[count] + body + terms.wait, 2)
        if type(replies) is StoreFailure:
            return replies, False
        reply = replies[0]
        if type(reply) is not StoreFailure or reply.code != "NOSCRIPT":
            break
    return reply, terms.confirmed(replies[1])


def identify(terms: Terms) -> Steps[StoreReport | StoreFailure]:
    """Ask the store on the current connection who it is."""
    reply = yield from ask(IDENTIFY, 0, terms.store_key)
    if type(reply) is StoreFailure:
        return reply
    words: list[Any] = [item.decode("ascii") if type(item) is bytes else item for item in reply]
    identity, prepared, since_ms, now_ms, role, version, policy, limit, aof = words
    unsafe = terms.learn(version or "0.0", aof=aof == "1")
    if role != "master":
        unsafe = f"the endpoint is a {role}, which may lag and cannot be written"
    elif policy != "noeviction" and limit not in {None, "0"}:
        unsafe = f"maxmemory-policy {policy} may evict records; expected noeviction"
    elif prepared is None:
        unsafe = UNPREPARED
    return StoreReport(
        identity=identity,
        prepared=prepared,
        quarantined=prepared is not None and prepared != identity,
        since_ms=since_ms,
        now_ms=now_ms,
        unsafe=unsafe,
    )


def verify(terms: Terms, facts: LinkFacts) -> Steps[StoreFailure | str | None]:
    """Check the store behind a connection; return None if claims may be sent, else why not.

    In quarantine claims may be sent: the script refuses them, key by key, unless a reconciler has cleared the key.
    """
    report = yield from identify(terms)
    if type(report) is StoreFailure:
        return report
    facts.ready = False
    facts.identity = report.identity
    facts.quarantined = report.quarantined
    facts.since_ms = report.since_ms
    facts.now_ms = report.now_ms
    if report.unsafe is not None:
        return report.unsafe
    if terms.validator is not None:
        replies = yield terms.validator.questions
        if type(replies) is StoreFailure:
            return replies
        obstacle = terms.validator.obstacle(replies)
        if obstacle is not None:
            return obstacle
    facts.claim_tail = terms.claim_tail(report.identity, quarantined=report.quarantined)
    facts.ready = not report.quarantined
    return None


def prepare(terms: Terms, *, force: bool, expected: str = "") -> Steps[StoreReport]:
    """Record the store's identity, and return what the store says afterwards.

    Raises:
        StoreQuarantinedError: Another identity is recorded and `force` is False, or it is not the one `expected`.
        StoreUnsafeError: The store cannot be trusted whoever prepares it.
        StoreUnavailableError: It cannot be reached.
    """
    body = terms.store_key + bulk(b"1" if force else b"0") + bulk(expected.encode("ascii"))
    reply: Any = None
    for step in (OPEN, OPEN_FRESH):
        facts = yield step
        reply = facts if type(facts) is StoreFailure else (yield from ask(PREPARE, 2, body))
        if type(reply) is not StoreFailure or not reply.applied_unknown:
            break
    reply = usable(reply, "prepare the store")
    if reply[0] == b"QUARANTINED":
        raise StoreQuarantinedError(
            "prepare found another identity recorded, so this store may have lost claims; reconcile and use "
            "Reconciler.lift_quarantine(), or pass force=True if every open intent is known to be settled"
        )
    if reply[0] == b"MOVED":
        raise StoreQuarantinedError("the store's identity changed again while it was being prepared; start over")
    report: StoreReport = usable((yield from identify(terms)), "check the prepared store")
    assert_safe(report)
    return report


def report_store(terms: Terms) -> Steps[StoreReport]:
    """Return what the store says of itself.

    Raises:
        StoreError: It gave no usable answer.
    """
    report: StoreReport | StoreFailure | None = None
    for step in (OPEN, OPEN_FRESH):
        facts = yield step
        report = facts if type(facts) is StoreFailure else (yield from identify(terms))
        if type(report) is not StoreFailure or not report.applied_unknown:
            break
    known: StoreReport = usable(report, "ask the store who it is")
    return known


def assert_safe(report: StoreReport) -> None:
    """Raise StoreUnsafeError when the report names a reason."""
    if report.unsafe is not None:
        raise StoreUnsafeError(f"the store must not be trusted with claims: {report.unsafe}")


def usable(reply: Any, attempted: str) -> Any:
    """Return `reply`, unless it is a StoreFailure: raise the error that this stands for."""
    if type(reply) is not StoreFailure:
        return reply
    kind: type[StoreError] = StoreUnsafeError
    if refusal_of(reply) is Outcome.REFUSED_STORE_UNAVAILABLE:
        kind = StoreUnavailableError
    raise kind(f"could not {attempted}: {reply.code}: {reply.error}") from reply.error
