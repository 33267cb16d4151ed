"""The script of every schedule: first deliveries, redeliveries past the lease, reconciliation, zombies, last word.

What happens within each phase is decided by the world, one step at a time; this script only says who is there.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from harness.explorer.process import running
from harness.explorer.setting import ROUNDS, payloads
from harness.explorer.steps import EffectStep, Failed, ProbeStep, Receipt
from harness.explorer.trace import KEY
from harness.subjects.contract import Effect, classify
from harness.venue.book import payload_digest
from harness.venue.venue import Venue
from verify.history.events import Complete, EffectCall, Invoke, Phase, Reconciled
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.explorer.world import World

_ENDS = {"conflict"}
"""Words that end an operation for good, besides OK; in doubt ends it where nobody can reconcile."""


class Operations:
    """Runs the subject through one schedule's life."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seats = world.surroundings.seats
        self.venue = Venue()
        self._offered = payloads(world.setting.workload, world.setting.workers)
        self._numbers: dict[str, int] = {}
        self._last_answer: dict[str, Complete | None] = {}
        self._deliveries: dict[str, int] = {}
        self._recoveries = 0
        self._can_reconcile = False

    def number_of(self, process: str) -> int:
        """Return the operation of a process: each runs one."""
        return self._numbers[process]

    def play(self) -> None:
        """Run the schedule from the first delivery to the last word."""
        world = self._world
        world.trace.event(Phase(name="workload"))
        for index, payload in enumerate(self._offered):
            self._deliver(f"w{index}", payload, delivery=0)
        world.drive()
        self._recover()
        landed_before = world.landed_late
        world.trace.event(Phase(name="zombie"))
        zombies = world.resume_paused()
        world.drive()
        world.land_the_rest()
        if zombies or world.landed_late is not landed_before:
            world.trace.event(Phase(name="settle"))
            self._recover()
        world.land_the_rest()

    # Phases.

    def _recover(self) -> None:
        world = self._world
        # Where time cannot pass, leases still run and nobody can be blamed for waiting: nothing is stuck yet.
        world.trace.event(Phase(name="redeliver" if world.setting.has_clock else "redeliver_early"))
        for _ in range(ROUNDS):
            world.jump()
            reconcilable = False
            for payload in self._distinct():
                reconcilable |= self._redeliver(payload)
            if all(self._is_settled(payload, reconcilable=reconcilable) for payload in self._distinct()):
                return
            if reconcilable:
                self._reconcile()

    def _redeliver(self, payload: Mapping[str, Any]) -> bool:
        self._recoveries += 1
        digest = payload_digest(payload)
        self._deliveries[digest] = self._deliveries.get(digest, 0) + 1
        name = f"r{self._recoveries}"
        self._deliver(name, payload, delivery=self._deliveries[digest])
        self._world.drive()
        return self._can_reconcile

    def _reconcile(self) -> None:
        self._recoveries += 1
        name = f"c{self._recoveries}"
        self._world.spawn(name, lambda: self._ask_to_reconcile(name))
        self._world.drive()

    def _distinct(self) -> list[Mapping[str, Any]]:
        seen: dict[str, Mapping[str, Any]] = {}
        for payload in self._offered:
            seen.setdefault(payload_digest(payload), payload)
        return list(seen.values())

    def _is_settled(self, payload: Mapping[str, Any], *, reconcilable: bool) -> bool:
        answer = self._last_answer.get(payload_digest(payload))
        if answer is None:
            return False
        if answer.outcome is Outcome.OK or answer.word in _ENDS:
            return True
        return answer.word == "in_doubt" and not reconcilable

    # What processes do.

    def _deliver(self, name: str, payload: Mapping[str, Any], *, delivery: int) -> None:
        world = self._world
        op = len(self._numbers) + 1
        self._numbers[name] = op
        digest = payload_digest(payload)
        self._last_answer[digest] = None
        world.trace.event(Invoke(process=name, op=op, key=KEY, payload=digest, delivery=delivery))
        world.spawn(name, lambda: self._call(name, op, payload, digest))

    def _call(self, name: str, op: int, payload: Mapping[str, Any], digest: str) -> None:
        world = self._world
        make, guard = self._seats.take(name)
        try:
            if guard is None:
                guard = make(world.surroundings.url, world.setting.lease_s)
            self._can_reconcile = hasattr(guard, "reconcile")
            result = guard(world.key, payload, self._effect(op))
            if inspect.isawaitable(result):
                world.problem = (
                    "the subject's guard is asynchronous, and the greenlet gate holds synchronous ones only"
                )
                close = getattr(result, "close", None)
                if close is not None:
                    close()
        except Exception as error:  # noqa: BLE001 - whatever the guard raises is its answer
            outcome, word = classify(make, error)
            done = Complete(process=name, op=op, outcome=outcome, word=word, detail=type(error).__name__)
        else:
            done = Complete(process=name, op=op, outcome=Outcome.OK, result=world.trace.canonical(result))
            self._seats.give_back(name, make, guard)
        process = running()
        if process is not None and process.is_alive:
            world.trace.event(done)
            self._last_answer[digest] = done

    def _effect(self, op: int) -> Effect:
        calls = 0

        def effect(
            payload: Mapping[str, Any],
            *,
            client_order_id: str | None = None,
            fence: int | None = None,
            valid_until_ms: int | None = None,
        ) -> dict[str, Any]:
            nonlocal calls
            calls += 1
            step = EffectStep(
                payload=payload,
                order_id=client_order_id,
                fence=fence,
                valid_until_ms=valid_until_ms,
                call=calls,
            )
            return self._perform(op, step)

        return effect

    def _perform(self, op: int, step: EffectStep) -> dict[str, Any]:
        process = running()
        if process is None:
            raise RuntimeError("the effect was called outside every process")
        trace = self._world.trace
        if process.is_alive:
            call = EffectCall(
                process=process.name,
                op=op,
                call=step.call,
                key=KEY,
                payload=payload_digest(step.payload),
                order_id=trace.order_id(step.order_id),
                fence=step.fence,
            )
            trace.event(call)
        came = process.wait(step)
        if isinstance(came, Failed):
            raise came.error
        if not isinstance(came, Receipt):
            raise TypeError(f"an effect came back as {came!r}")
        return came.body

    def _ask_to_reconcile(self, name: str) -> None:
        world = self._world
        make, guard = self._seats.take(name)
        answer = "resolved"
        try:
            if guard is None:
                guard = make(world.surroundings.url, world.setting.lease_s)
            guard.reconcile(world.key, self._probe)  # type: ignore[attr-defined]  # it has one: asked before
        except Exception:  # noqa: BLE001 - whatever the guard raises is its answer
            answer = "error"
        process = running()
        if process is not None and process.is_alive:
            world.trace.event(Reconciled(process=name, key=KEY, answer=answer))

    def _probe(self, key: str) -> dict[str, Any]:
        process = running()
        if process is None:
            raise RuntimeError("the probe was called outside every process")
        came = process.wait(ProbeStep(key=key))
        if not isinstance(came, Receipt):
            raise TypeError(f"a probe came back as {came!r}")
        return came.body
