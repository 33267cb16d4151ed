"""What a worker process does: what it is told, one operation after the other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness import clock
from harness.subjects.contract import classify
from harness.subjects.loading import load_subject
from harness.venue.book import canonical, payload_digest
from harness.venue.client import VenueClient
from harness.venue.errors import EffectRejected
from harness.workers.messages import BROKEN, CALL, DONE, EVENT, HELLO, RECONCILE, Lines, receive, send
from verify.history.events import Complete, EffectCall, EffectReply, Event, Invoke, Reconciled, to_object
from verify.history.words import Outcome

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from harness.subjects.contract import Guard, Make


class Worker:
    """One worker: a guard of its own, a link to the harness, a way to the venue."""

    def __init__(
        self, link: socket.socket, make: Make, guard: Guard, venue: VenueClient, request_life_s: float
    ) -> None:
        self._link = link
        self._make = make
        self._guard = guard
        self._venue = venue
        self._request_life_s = request_life_s

    def call(self, order: Mapping[str, Any]) -> None:
        """Run one operation and report it."""
        process, op, key, payload = order["process"], order["op"], order["key"], order["payload"]
        invoke = Invoke(
            process=process,
            op=op,
            key=key,
            payload=payload_digest(payload),
            delivery=order["delivery"],
            at_ns=clock.shared_ns(),
        )
        self._report(invoke)
        try:
            result = self._guard(key, payload, _Effect(self, process, op, key))
        except Exception as error:  # noqa: BLE001 - whatever the guard raises is its answer
            outcome, word = classify(self._make, error)
            said = type(error).__name__
            done = Complete(process=process, op=op, outcome=outcome, word=word, detail=said, at_ns=clock.shared_ns())
        else:
            text = json.dumps(result, sort_keys=True, separators=(",", ":"), default=lambda odd: type(odd).__name__)
            done = Complete(process=process, op=op, outcome=Outcome.OK, result=text, at_ns=clock.shared_ns())
        self._report(done)

    def reconcile(self, order: Mapping[str, Any]) -> None:
        """Let the guard reconcile one key, where it can."""
        ask = getattr(self._guard, "reconcile", None)
        if ask is None:
            return
        answer = "resolved"
        try:
            ask(order["key"], self._probe)
        except Exception:  # noqa: BLE001 - whatever the guard raises is its answer
            answer = "error"
        done = Reconciled(process=order["process"], key=order["key"], answer=answer, at_ns=clock.shared_ns())
        self._report(done)

    def _probe(self, key: str) -> dict[str, Any]:
        return {**self._venue.look_up(key), "request_life_s": self._request_life_s}

    def _report(self, event: Event) -> None:
        send(self._link, {"say": EVENT, "event": to_object(event)})

    def effect(self, call: EffectCall, payload: Mapping[str, Any], valid_until_ms: int | None) -> dict[str, Any]:
        """Perform one effect at the venue and report it before and after."""
        self._report(call)
        told: dict[str, Any] = {"process": call.process, "op": call.op, "call": call.call}
        try:
            receipt = self._venue.effect(
                call.key,
                payload,
                process=call.process,
                order_id=call.order_id,
                fence=call.fence,
                valid_until_ms=valid_until_ms,
            )
        except (EffectRejected, ConnectionRefusedError):
            self._report(EffectReply(**told, answer="rejected", at_ns=clock.shared_ns()))
            raise
        except Exception:
            self._report(EffectReply(**told, answer="timeout", at_ns=clock.shared_ns()))
            raise
        self._report(EffectReply(**told, answer="receipt", receipt=canonical(receipt), at_ns=clock.shared_ns()))
        return receipt


class _Effect:
    """The effect of one operation, as the guard is given it."""

    def __init__(self, worker: Worker, process: str, op: int, key: str) -> None:
        self._worker = worker
        self._process = process
        self._op = op
        self._key = key
        self._calls = 0

    def __call__(
        self,
        payload: Mapping[str, Any],
        *,
        client_order_id: str | None = None,
        fence: int | None = None,
        valid_until_ms: int | None = None,
    ) -> dict[str, Any]:
        self._calls += 1
        call = EffectCall(
            process=self._process,
            op=self._op,
            call=self._calls,
            key=self._key,
            payload=payload_digest(payload),
            order_id=client_order_id,
            fence=fence,
            at_ns=clock.shared_ns(),
        )
        return self._worker.effect(call, payload, valid_until_ms)


def work(
    link: socket.socket, *, name: str, subject: str, redis_url: str, venue: str, lease_s: float, request_life_s: float
) -> None:
    """Make the guard, say hello, and work until the harness is gone.

    Args:
        link: To the harness.
        name: The worker's.
        subject: As given to ``--subject``; its module is executed anew here.
        redis_url: Where it finds Redis.
        venue: Path of the venue's socket.
        lease_s: Seconds of a claim.
        request_life_s: Seconds after which a request that was sent lands no more.
    """
    try:
        make = load_subject(subject).load()
        guard = make(redis_url, lease_s)
    except Exception as error:  # noqa: BLE001 - told to the harness, which ends the story
        send(link, {"say": BROKEN, "name": name, "why": f"{type(error).__name__}: {error}"})
        return
    worker = Worker(link, make, guard, VenueClient(venue), request_life_s)
    send(link, {"say": HELLO, "name": name})
    tasks = {CALL: worker.call, RECONCILE: worker.reconcile}
    for order in receive(link, Lines()):
        tasks[order["do"]](order)
        send(link, {"say": DONE})
