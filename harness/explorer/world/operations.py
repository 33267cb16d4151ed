"""The script of every schedule: first deliveries, redeliveries past the lease, reconciliation, zombies, last word.

What happens within each phase is decided by the world, one step at a time; this script only says who is there.
"""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from typing import TYPE_CHECKING, Any

from harness.explorer.world.process import running
from harness.explorer.world.setting import ROUNDS, Job, jobs
from harness.explorer.world.steps import EffectStep, Failed, ProbeStep, Receipt
from harness.subjects.contract import LONGEST_COOLDOWN_LEASES, Effect, classify, name_of, told_of
from harness.venue.book import payload_digest
from harness.venue.mischief import lose_request
from harness.venue.venue import Venue
from verify.history.events import Complete, EffectCall, Invoke, Reconciled
from verify.history.tries import EXHAUSTED
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.explorer.world.process import Process
    from harness.explorer.world.world import World

USE_PROXY_GATE = "the greenlet gate holds blocking guards only; use --gate proxy"

_ENDS = {"conflict", EXHAUSTED}
"""Words that end an operation for good, besides OK; in doubt ends it where nobody can reconcile."""

_TRIED_IN_WAVES = 2
"""How often a job has been tried when everybody was let try it twice."""


class Operations:
    """Runs the subject through one schedule's life."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seats = world.surroundings.seats
        self.venue = Venue()
        self._jobs = jobs(world.setting.workload, world.key, world.setting.workers)
        self._numbers: dict[str, int] = {}
        self._job_of: dict[str, Job] = {}
        self._last_answer: dict[Job, Complete | None] = {}
        self._deliveries: Counter[Job] = Counter()
        self._recoveries = 0
        self._rounds_left = ROUNDS
        self._faults_before = world.faults_left
        self._can_reconcile = False

    def number_of(self, process: str) -> int:
        """Return the operation of a process: each runs one."""
        return self._numbers[process]

    def job_of(self, process: str) -> Job:
        """Return the job that a process was called with."""
        return self._job_of[process]

    @property
    def outlook(self) -> tuple[int, bool]:
        """How many rounds the job queue still goes, and whether a fault has struck in this one."""
        return self._rounds_left, self._is_disturbed

    def play(self) -> None:
        """Run the schedule from the first delivery to the last word."""
        self._begin()
        world = self._world
        limits = world.setting.subject.limits
        if limits is not None:
            for _ in range(self._losses()):
                self.venue.plan(lose_request())
        for index, job in enumerate(self._jobs):
            self._deliver(f"w{index}", job, delivery=0)
            world.likeness.begins(f"w{index}", job)
        world.drive()
        if limits is not None:
            self._call_in_waves()
        if world.setting.workload == "tries":
            self._use_up_tries()
        self._end()

    # Phases.

    def _begin(self) -> None:
        """Say on what terms a subject keeps its limits, and begin."""
        world = self._world
        limits = world.setting.subject.limits
        if limits is not None:
            world.trace.event(limits.over(world.setting.lease_s))
        world.enter("workload")

    def _end(self) -> None:
        """Deliver again until all is settled, let what was paused or late come back, and settle that too."""
        world = self._world
        self._recover()
        landed_before = world.landed_late
        world.enter("zombie")
        zombies = world.resume_paused()
        world.drive()
        world.land_the_rest()
        if zombies or world.landed_late is not landed_before:
            world.enter("settle")
            self._recover()
        world.land_the_rest()

    def _call_in_waves(self) -> None:
        """Let one call while a breaker or a cooldown refuses it, and everybody at once when its time is over."""
        world = self._world
        world.enter("redeliver_early")
        self._redeliver(self._jobs[0])
        world.enter("redeliver" if world.setting.has_clock else "redeliver_early")
        world.jump()
        for job in self._jobs:
            self._deliver_again(job)
        world.drive()

    def _losses(self) -> int:
        """Return how many requests the venue is to lose."""
        subject = self._world.setting.subject
        if subject.breaker is not None:
            return subject.breaker.failures
        tries = subject.retries.attempts if subject.retries is not None else 0
        return tries if self._world.setting.workload == "tries" else min(tries, 1)

    def _use_up_tries(self) -> None:
        """Try a job once after each jump of time, until the cooldowns of all its tries but the first are over."""
        retries = self._world.setting.subject.retries
        tries = 1 if retries is None else retries.attempts
        for _ in range((tries - _TRIED_IN_WAVES) * LONGEST_COOLDOWN_LEASES):
            self._world.jump()
            self._redeliver(self._jobs[0])

    def _recover(self) -> None:
        world = self._world
        # Where time cannot pass, leases still run and nobody can be blamed for waiting: nothing is stuck yet.
        world.enter("redeliver" if world.setting.has_clock else "redeliver_early")
        wanted = tuple(dict.fromkeys(self._jobs))
        self._rounds_left = ROUNDS
        while True:
            self._faults_before = world.faults_left
            world.situation.passed()
            world.jump()
            world.trace.forget_touched()
            reconcilable = False
            for job in wanted:
                reconcilable |= self._redeliver(job)
            if all(self._is_settled(job, reconcilable=reconcilable) for job in wanted):
                return
            # What the last reconciliation has brought shows in one more delivery.
            last = 0 if reconcilable else 1
            if self._rounds_left <= last and not self._is_disturbed:
                return
            if reconcilable:
                self._reconcile(wanted)
            self._rounds_left = ROUNDS if self._is_disturbed else self._rounds_left - 1

    @property
    def _is_disturbed(self) -> bool:
        return self._world.faults_left < self._faults_before

    def _redeliver(self, job: Job) -> bool:
        self._deliver_again(job)
        self._world.drive()
        return self._can_reconcile

    def _deliver_again(self, job: Job) -> None:
        self._recoveries += 1
        self._deliveries[job] += 1
        self._deliver(f"r{self._recoveries}", job, delivery=self._deliveries[job])

    def _reconcile(self, wanted: tuple[Job, ...]) -> None:
        for job in {(job.key, job.effect_type): job for job in wanted}.values():
            self._begin_to_reconcile(job)
            self._world.drive()

    def _begin_to_reconcile(self, job: Job) -> str:
        """Start a process that reconciles the key of *job*; return its name."""
        self._recoveries += 1
        name = f"c{self._recoveries}"
        self._world.spawn(name, functools.partial(self._ask_to_reconcile, name, job))
        return name

    def _is_settled(self, job: Job, *, reconcilable: bool) -> bool:
        answer = self._last_answer.get(job)
        if answer is None:
            return False
        if answer.outcome is Outcome.OK or answer.word in _ENDS:
            return True
        return answer.word == "in_doubt" and not reconcilable

    # What processes do.

    def _deliver(self, name: str, job: Job, *, delivery: int) -> None:
        world = self._world
        op = len(self._numbers) + 1
        self._numbers[name] = op
        self._job_of[name] = job
        self._last_answer[job] = None
        world.trace.event(
            Invoke(
                process=name,
                op=op,
                key=world.trace.plain(job.key),
                payload=job.digest,
                effect_type=job.effect_type,
                delivery=delivery,
            )
        )
        world.spawn(name, functools.partial(self._call, name, op, job))

    def _call(self, name: str, op: int, job: Job) -> None:
        world = self._world
        make, guard = self._seats.take(name)
        try:
            if guard is None:
                guard = make(world.surroundings.store.url, world.setting.lease_s)
            self._can_reconcile = hasattr(guard, "reconcile")
            result = guard(job.key, dict(job.payload), self._effect(op, job))
            if inspect.isawaitable(result):
                world.problem = f"the subject's guard is asynchronous; {USE_PROXY_GATE}"
                close = getattr(result, "close", None)
                if close is not None:
                    close()
        except Exception as error:  # noqa: BLE001 - whatever the guard raises is its answer
            outcome, word = classify(make, error)
            done = Complete(process=name, op=op, outcome=outcome, word=word, detail=name_of(error))
        else:
            done = Complete(process=name, op=op, outcome=Outcome.OK, result=world.trace.canonical(result))
        process = running()
        if process is not None and process.is_alive:
            if guard is not None and _leaves_nothing_open(process, done):
                self._seats.give_back(name, make, guard)
            world.trace.event(done)
            self._last_answer[job] = done

    def _effect(self, op: int, job: Job) -> Effect:
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
            return self._perform(op, job, step)

        return effect

    def _perform(self, op: int, job: Job, step: EffectStep) -> dict[str, Any]:
        process = running()
        if process is None:
            raise RuntimeError("the effect was called outside every process")
        trace = self._world.trace
        if process.is_alive:
            call = EffectCall(
                process=process.name,
                op=op,
                call=step.call,
                key=trace.plain(job.key),
                payload=payload_digest(step.payload),
                effect_type=job.effect_type,
                order_id=trace.order_id(step.order_id, trace.plain(job.key)),
                fence=step.fence,
            )
            trace.event(call)
        came = process.wait(step)
        if isinstance(came, Failed):
            raise came.error
        if not isinstance(came, Receipt):
            raise TypeError(f"an effect came back as {came!r}")
        return came.body

    def _ask_to_reconcile(self, name: str, job: Job) -> None:
        world = self._world
        make, guard = self._seats.take(name)
        answer = "resolved"
        try:
            if guard is None:
                guard = make(world.surroundings.store.url, world.setting.lease_s)
            said = told_of(job.effect_type)
            guard.reconcile(job.key, self._probe, **said)  # type: ignore[attr-defined]  # it has one: asked before
        except Exception:  # noqa: BLE001 - whatever the guard raises is its answer
            answer = "error"
        process = running()
        if process is not None and process.is_alive:
            world.trace.event(Reconciled(process=name, key=world.trace.plain(job.key), answer=answer))

    def _probe(self, key: str) -> dict[str, Any]:
        process = running()
        if process is None:
            raise RuntimeError("the probe was called outside every process")
        came = process.wait(ProbeStep(key=key))
        if not isinstance(came, Receipt):
            raise TypeError(f"a probe came back as {came!r}")
        return came.body


def _leaves_nothing_open(process: Process, done: Complete) -> bool:
    """Say whether a guard that answered may serve others: it said itself in how far it is in doubt, undisturbed."""
    if done.outcome is not Outcome.INDETERMINATE:
        return True
    return done.word == "in_doubt" and not process.was_struck
