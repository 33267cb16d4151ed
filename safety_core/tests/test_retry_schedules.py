"""Random schedules of several askers, with lost, late and refused questions: no limit and no cooldown is ever passed.

The protocol does no I/O of its own, so that this test can be its driver and its network at once.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from safety_core.idempotency import prepare_store
from safety_core.idempotency.link import Link
from safety_core.idempotency.steps import Open
from safety_core.idempotency.store_failure import StoreFailure
from safety_core.job_safety import RetryAnswer, RetryPolicy, RetrySettings
from safety_core.job_safety.retry_policy.protocol import Asked, decide, token_of
from safety_core.tests.job_faces import SETTINGS

if TYPE_CHECKING:
    from safety_core.idempotency.steps import Steps
    from safety_core.tests.servers import Server

SCHEDULES, STEPS, ASKERS = 40, 60, 10
LOST = StoreFailure(applied_unknown=True, code="LOST", error=OSError())
REFUSED = StoreFailure(applied_unknown=False, code="OOM", error=OSError())


class Schedule:
    """One job, several askers, one network that misbehaves by a seed.

    Attributes:
        allowed: Number and name of each attempt that somebody was allowed.
    """

    def __init__(self, policy: RetryPolicy, wire: Link, seed: int) -> None:
        self.policy, self.wire = policy, wire
        self.draw = random.Random(seed)  # noqa: S311 - schedules, not secrets
        self.job_id = f"job-{seed}"
        self.running: list[tuple[Steps[RetryAnswer], str, Any]] = []
        self.spare: list[str] = []
        self.late: list[bytes] = []
        self.allowed: set[tuple[int, str]] = set()

    def deliver(self, packet: bytes) -> Any:
        """Apply a question now, later or never, and answer truly or not at all."""
        luck = self.draw.random()
        if luck < 0.15:
            self.late.append(packet)
            return LOST
        if luck < 0.30:
            self.wire.one(packet)
            return LOST
        return REFUSED if luck < 0.35 else self.wire.one(packet)

    def ask(self) -> None:
        """Let a new asker begin, sometimes with the token of one that got no answer."""
        token = token_of(self.draw.choice([None, *self.spare]))
        asked = Asked(job_id=self.job_id, failed_at_ms=0, own_limit=None, counts=True, forced=False, token=token)
        self.running.append((decide(self.policy.terms, asked), token, None))

    def go_on(self) -> None:
        """Take one step of one asker."""
        steps, token, answer = self.running.pop(self.draw.randrange(len(self.running)))
        try:
            step = steps.send(answer)
        except StopIteration as end:
            self.ended(end.value, token)
            return
        answer = self.wire.facts if type(step) is Open else self.deliver(step)  # type: ignore[arg-type]
        self.running.append((steps, token, answer))

    def ended(self, answer: RetryAnswer, token: str) -> None:
        """Note what an asker was told."""
        if answer.allowed:
            self.allowed.add((answer.attempt, token))
        if answer.token is not None:
            self.spare.append(answer.token)

    def play(self) -> None:
        """Interleave askers and late questions, then let everything come to its end."""
        for number in range(STEPS):
            luck = self.draw.random()
            if luck < 0.2 and number < STEPS - ASKERS:
                self.ask()
            elif luck < 0.3 and self.late:
                self.wire.one(self.late.pop(self.draw.randrange(len(self.late))))
            elif self.running:
                self.go_on()
        while self.running:
            self.go_on()
        for packet in self.late:
            self.wire.one(packet)


@pytest.mark.parametrize(("cooldown_s", "most"), [(0.0, 3), (3600.0, 1)], ids=["limit", "cooldown"])
def test_no_schedule_passes_a_limit_or_a_cooldown(server: Server, cooldown_s: float, most: int) -> None:
    """Each attempt belongs to one asker; with no cooldown three are allowed, with an hour of it only one."""
    prepare_store(server.url)
    settings = RetrySettings(cooldown_seconds=cooldown_s)
    granted = []
    with RetryPolicy(server.url, settings=settings, guard=SETTINGS) as policy:
        policy.acquire("the server learns the script")
        wire = policy.driver.pool.take()
        assert type(wire) is Link
        for seed in range(SCHEDULES):
            schedule = Schedule(policy, wire, seed)
            schedule.play()
            attempts = [attempt for attempt, _ in schedule.allowed]
            assert len(attempts) == len(set(attempts))
            assert max(attempts, default=0) <= most
            counted = int(server.client().hget(policy.terms.key(schedule.job_id), "n") or 0)
            assert max(attempts, default=0) <= counted <= most
            granted.append(len(attempts))
        policy.driver.pool.give_back(wire)
    assert max(granted) == most
