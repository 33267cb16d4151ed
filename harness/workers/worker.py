"""What a worker does: one operation of somebody's guard after the other, each reported before and after."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness import clock
from harness.subjects.contract import classify, told_of
from harness.venue.book import canonical, payload_digest
from harness.venue.errors import EffectRejected
from verify.history.events import Complete, EffectCall, EffectReply, Event, Invoke, Reconciled
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.subjects.contract import Guard, Make
    from harness.venue.client import VenueClient


class Worker:
    """One worker: a guard of its own, somebody to report to, a way to the venue. Safe for threads if those are."""

    def __init__(
        self,
        report: Callable[[Event], object],
        make: Make,
        guard: Guard,
        venue: VenueClient,
        request_life_s: float,
    ) -> None:
        """Make a worker.

        Args:
            report: Told every event, before it is acted on and after.
            make: The subject's factory, which classifies what the guard raises.
            guard: The guard.
            venue: Where effects land.
            request_life_s: For how many seconds the venue may still accept a request.
        """
        self._report = report
        self._make = make
        self._guard = guard
        self._venue = venue
        self._request_life_s = request_life_s

    def call(self, order: Mapping[str, Any]) -> Complete:
        """Run one operation, report it and return the guard's answer."""
        process, op, key, payload = order["process"], order["op"], order["key"], order["payload"]
        effect_type = order.get("effect_type", "order")
        invoke = Invoke(
            process=process,
            op=op,
            key=key,
            payload=payload_digest(payload),
            effect_type=effect_type,
            delivery=order["delivery"],
            at_ns=clock.shared_ns(),
        )
        self._report(invoke)
        try:
            result = self._guard(key, payload, _Effect(self, invoke))
        except Exception as error:  # noqa: BLE001 - whatever the guard raises is its answer
            outcome, word = classify(self._make, error)
            said = type(error).__name__
            done = Complete(process=process, op=op, outcome=outcome, word=word, detail=said, at_ns=clock.shared_ns())
        else:
            text = json.dumps(result, sort_keys=True, separators=(",", ":"), default=lambda odd: type(odd).__name__)
            done = Complete(process=process, op=op, outcome=Outcome.OK, result=text, at_ns=clock.shared_ns())
        self._report(done)
        return done

    def reconcile(self, order: Mapping[str, Any]) -> None:
        """Let the guard reconcile one key, where it can."""
        ask = getattr(self._guard, "reconcile", None)
        if ask is None:
            return
        kind, answer = order["effect_type"], "resolved"
        said = told_of(kind) if kind in getattr(self._make, "effect_types", ()) else {}
        try:
            ask(order["key"], self._probe, **said)
        except Exception:  # noqa: BLE001 - whatever the guard raises is its answer
            answer = "error"
        done = Reconciled(process=order["process"], key=order["key"], answer=answer, at_ns=clock.shared_ns())
        self._report(done)

    def _probe(self, key: str) -> dict[str, Any]:
        return {**self._venue.look_up(key), "request_life_s": self._request_life_s}

    def effect(self, call: EffectCall, payload: Mapping[str, Any], valid_until_ms: int | None) -> dict[str, Any]:
        """Perform one effect at the venue and report it before and after."""
        self._report(call)
        told: dict[str, Any] = {"process": call.process, "op": call.op, "call": call.call}
        try:
            receipt = self._venue.effect(
                call.key,
                payload,
                call.effect_type,
                call.process,
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

    def __init__(self, worker: Worker, invoke: Invoke) -> None:
        self._worker = worker
        self._invoke = invoke
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
            process=self._invoke.process,
            op=self._invoke.op,
            call=self._calls,
            key=self._invoke.key,
            payload=payload_digest(payload),
            effect_type=self._invoke.effect_type,
            order_id=client_order_id,
            fence=fence,
            at_ns=clock.shared_ns(),
        )
        return self._worker.effect(call, payload, valid_until_ms)
