"""What workers of a storm write, made by hand: calls of some keys, answered or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.storm.recording import Recording, as_line, bucket_of
from harness.storm.workload import payload_of
from harness.venue.book import payload_digest
from verify.history.events import Complete, EffectCall, EffectReply, Event, Invoke, Landed
from verify.history.words import Outcome

if TYPE_CHECKING:
    from pathlib import Path

BUCKETS = 4
RECEIPT = '{"receipt_id":"r"}'


def key_of(number: int) -> str:
    """Return a key as users deliver it."""
    return f"ledger-00000007-0000{number:02d}01"


DIGEST = payload_digest(payload_of("ledger", 1))


def call(
    worker: int, op: int, key: str, at_ns: int, *, answer: Outcome | None = Outcome.OK, word: str = ""
) -> list[Event]:
    """Return a call that performs nothing, and its answer, a microsecond later; None: it never came."""
    process, number = f"w{worker}.{op}", (worker << 32) + op
    events: list[Event] = [
        Invoke(process=process, op=number, key=key, payload=DIGEST, effect_type="ledger", at_ns=at_ns)
    ]
    if answer is not None:
        result = RECEIPT if answer is Outcome.OK else None
        events.append(
            Complete(process=process, op=number, outcome=answer, word=word, result=result, at_ns=at_ns + 1_000)
        )
    return events


def executed(worker: int, op: int, key: str, at_ns: int) -> tuple[list[Event], Landed]:
    """Return a call that performs the effect, and the line of the book."""
    invoke, complete = call(worker, op, key, at_ns)
    process, number = f"w{worker}.{op}", (worker << 32) + op
    told: dict[str, Any] = {"process": process, "op": number, "call": 1}
    asked = EffectCall(**told, key=key, payload=DIGEST, effect_type="ledger", at_ns=at_ns + 100)
    reply = EffectReply(**told, answer="receipt", receipt=RECEIPT, at_ns=at_ns + 300)
    landed = Landed(
        key=key, n=1, payload=DIGEST, effect_type="ledger", process=process, receipt=RECEIPT, at_ns=at_ns + 200
    )
    return [invoke, asked, reply, complete], landed


def write(folder: Path, writer: str, events: list[Event]) -> None:
    """Write events as the worker process *writer* does."""
    with Recording(folder, writer, BUCKETS) as recording:
        for event in events:
            recording.write(event)


def write_book(folder: Path, lines: list[Landed]) -> None:
    """Write lines of the venue's book into the buckets."""
    with Recording(folder, "venue", BUCKETS) as recording:
        for line in lines:
            recording.put(bucket_of(line.key, BUCKETS), as_line(line))
