"""Random schedules of several callers at command granularity, with lost, late and refused commands, on a real server.

The protocol does no I/O of its own, so that this test can be its driver and its network at once.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import (
    Found,
    GuardResult,
    GuardSettings,
    NotFound,
    Outcome,
    Reconciler,
    Resolution,
    SideEffectWrapper,
)
from safety_core.idempotency.intent import make_intent
from safety_core.idempotency.link import Link
from safety_core.idempotency.protocol import execute
from safety_core.idempotency.steps import LinkFacts, Open
from safety_core.idempotency.store_failure import StoreFailure
from safety_core.tests.servers import LEASE_S, LIFE_S, Server, advance

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEDULES = 60
STEPS = 40
CALLERS = 8
LOST = StoreFailure(applied_unknown=True, code="LOST", error=OSError())
REFUSED = StoreFailure(applied_unknown=False, code="OOM", error=OSError())


class Caller:
    """One call of `execute_once`, advanced step by step."""

    def __init__(self, wrapper: SideEffectWrapper, key: str, proof: str | None) -> None:
        intent = make_intent(wrapper.terms, "order", key, {}, minted_at=None, resume=proof, store_result=True)
        self.steps = execute(wrapper.terms, intent)
        self.answer: Any = None
        self.result: GuardResult | None = None


class Schedule:
    """One key, several callers, one network that misbehaves by a seed."""

    def __init__(self, wrapper: SideEffectWrapper, wire: Link, facts: LinkFacts, seed: int) -> None:
        self.wrapper, self.wire, self.facts = wrapper, wire, facts
        self.draw = random.Random(seed)  # noqa: S311 - schedules, not secrets
        self.key = f"intent-{seed}"
        self.late: list[bytes] = []
        self.runs = 0

    def advance_one(self, caller: Caller) -> None:
        """Take one step of one caller."""
        try:
            step = caller.steps.send(caller.answer)
        except StopIteration as end:
            caller.result = end.value
            return
        if type(step) is Open:
            caller.answer = self.facts
        elif type(step) is bytes:
            caller.answer = self.deliver(step)
        else:
            caller.answer = self.perform()

    def deliver(self, packet: bytes) -> Any:
        """Apply a command now, later or never, and answer truly or not at all."""
        luck = self.draw.random()
        if luck < 0.12:
            self.late.append(packet)
            return LOST
        if luck < 0.24:
            self.wire.one(packet)
            return LOST
        return REFUSED if luck < 0.30 else self.wire.one(packet)

    def perform(self) -> tuple[bool, Any]:
        """Do the effect, or not, and answer truly or ambiguously."""
        luck = self.draw.random()
        done = luck < 0.65
        self.runs += done
        if luck < 0.50:
            return True, "receipt"
        return False, (TimeoutError() if luck < 0.80 else ConnectionRefusedError())

    def play(self) -> None:
        """Interleave callers and late packets, then let everything come to its end."""
        callers: list[Caller] = []
        proofs: list[str] = []
        for _ in range(STEPS):
            running = [caller for caller in callers if caller.result is None]
            luck = self.draw.random()
            if luck < 0.15 and len(callers) < CALLERS:
                callers.append(Caller(self.wrapper, self.key, self.draw.choice([None, *proofs])))
            elif luck < 0.22 and self.late:
                self.wire.one(self.late.pop(self.draw.randrange(len(self.late))))
            elif running:
                caller = self.draw.choice(running)
                self.advance_one(caller)
                if caller.result is not None and caller.result.token is not None:
                    proofs.append(caller.result.token)
        for caller in callers:
            while caller.result is None:
                self.advance_one(caller)
        for packet in self.late:
            self.wire.one(packet)


@pytest.fixture(params=["strict", "fast"])
def wrapper(request: pytest.FixtureRequest, server: Server) -> Iterator[SideEffectWrapper]:
    """Yield a guard of each mode on a prepared server that knows the scripts."""
    settings = GuardSettings(mode=request.param, lease_s=LEASE_S, request_life_s=LIFE_S)
    with SideEffectWrapper(server.url, settings=settings) as wrapper:
        wrapper.prepare()
        wrapper.execute_once("order", "the server learns the scripts", lambda claim: 1, payload={})
        yield wrapper


def test_no_schedule_runs_an_effect_twice_or_wedges_its_key(wrapper: SideEffectWrapper, server: Server) -> None:
    """At most one effect each; afterwards every key is settled by waiting, redelivering and asking the venue."""
    wire = wrapper.driver.pool.take()
    assert type(wire) is Link
    played = [Schedule(wrapper, wire, wire.facts, seed) for seed in range(SCHEDULES)]
    for schedule in played:
        schedule.play()
    runs = {schedule.key: schedule.runs for schedule in played}
    assert max(runs.values()) == 1
    advance(server, LEASE_S + 1)

    def redeliver(key: str) -> GuardResult:
        def effect(claim: Any) -> str:
            runs[key] += 1
            return "receipt"

        return wrapper.execute_once("order", key, effect, payload={})

    for key in runs:
        redeliver(key)
    advance(server, 2 * (LEASE_S + LIFE_S))
    venue = Reconciler(wrapper, {"order": lambda record: Found("receipt") if runs[record.entity_id] else NotFound()})
    assert all(one.resolution in {Resolution.DONE, Resolution.FAILED} for one in venue.reconcile_open(None))
    answers = {key: redeliver(key).outcome for key in runs}
    assert set(answers.values()) <= {Outcome.EXECUTED, Outcome.REPLAYED}
    assert set(runs.values()) == {1}
