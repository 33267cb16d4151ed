"""Measures one cell: set up, ask the validator, write in calm, write on, crash, recover, deliver again, count.

The reference guard runs its orders against the real venue, beside plain writes. It never concludes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from harness import clock
from harness.durability.crashes import CRASHES
from harness.durability.deployment import Deployment
from harness.durability.writes import PlainWrites, names_of
from harness.redis_server.redis_py import info
from harness.subjects import reference_guard
from harness.subjects.contract import USUAL_TYPE
from harness.workers.worker import Worker
from verify.durability.cell import Append, Confirm, Crash, Measured, Save
from verify.history.events import Complete, Fault, Invoke, Phase
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.redis_server.binary import ServerBinary
    from harness.subjects.contract import Make
    from harness.venue.process import VenueProcess
    from verify.durability.cell import Configuration, Word
    from verify.history.events import Event

HALF = 4
"""Orders, and plain writes, of each half of a cell: in calm, and before the crash."""

LEASE_S = 30.0
"""Longer than any cell, so that no claim ends of itself."""
REQUEST_LIFE_S = 0.02
_LONG_WAIT_MS, _SHORT_WAIT_MS = 9000, 150
_LAST_DELIVERY = 2
_SAVED_S = 15
_PUMP_S = 0.003


class Validate(Protocol):
    """Asks the validator about the server at a URL, with the promise of the guard that uses it."""

    def __call__(self, url: str, *, durable: bool, wait_replicas: int) -> Word:
        """Return its word."""
        ...


@dataclass(slots=True)
class Measurement:
    """A measured cell with what happened in it."""

    cell: Measured
    events: list[Event] = field(default_factory=list)


def measure(
    number: int,
    configuration: Configuration,
    crash: Crash,
    *,
    binary: ServerBinary,
    venue: VenueProcess,
    make: Make,
    validate: Validate,
) -> Measurement:
    """Measure the cell *number*, whose keys no other cell has.

    Raises:
        RedisUnavailableError: A server does not start or come back.
    """
    with Deployment(configuration, binary) as deployment:
        run = _Cell(number, configuration, crash, deployment, partial(Worker, make=make, venue=venue.client()))
        word = validate(
            deployment.primary.url,
            durable=configuration.confirm is not Confirm.NOTHING,
            wait_replicas=configuration.wait_replicas,
        )
        return run.play(word)


class _Cell:
    def __init__(
        self,
        number: int,
        configuration: Configuration,
        crash: Crash,
        deployment: Deployment,
        hire: Callable[..., Worker],
    ) -> None:
        self._number = number
        self._configuration = configuration
        self._crash = crash
        self._deployment = deployment
        self._hire = hire
        self._writes = PlainWrites(deployment, configuration)
        self._events: list[Event] = []
        self._orders: dict[str, dict[str, int]] = {}
        self._ops = 0

    def play(self, word: Word) -> Measurement:
        """Play the cell from its first write to the last delivery."""
        self._say(Phase(name="workload", at_ns=clock.shared_ns()))
        with suppress(Exception):
            # Whatever the guard objects to, it objects to again with each order, and that is what counts.
            reference_guard.prepare(self._deployment.primary.url)
        self._writes.note_size()
        self._half(0, wait_ms=self._patience_ms(is_calm=True))
        in_calm = self._answered_ok()
        self._reach_save_point()
        if self._crash is Crash.FAILOVER:
            self._deployment.silence()
        self._half(1, wait_ms=self._patience_ms(is_calm=False))
        done = self._answered_ok()
        witness = self._strike()
        kept = self._writes.kept(self._deployment.survivor)
        self._deployment.heal()
        self._say(Phase(name="heal", at_ns=clock.shared_ns()))
        self._redeliver()
        measured = Measured(
            history=self._number,
            configuration=self._configuration,
            crash=self._crash,
            word=word,
            acknowledged=len(self._writes.acknowledged),
            kept=kept,
            orders=len(self._orders),
            done=done,
            in_calm=in_calm,
            witness=witness,
        )
        return Measurement(measured, self._events)

    def _half(self, half: int, *, wait_ms: int) -> None:
        """Give a few orders to the guard, all at once, and write as many plain writes beside them."""
        names = [f"cell-{self._number}-{half}-{n}" for n in range(HALF)]
        guard = reference_guard.ReferenceGuard(self._deployment.primary.url, LEASE_S, self._settings(wait_ms))
        plain = names_of(self._number, half, HALF)
        orders = [self._order(name, worker=f"w{half}{n}") for n, name in enumerate(names)]
        worker = self._worker(guard)
        calls = [partial(worker.call, order) for order in orders]
        try:
            self._at_once([partial(self._writes.write, plain, wait_ms=wait_ms), *calls])
        finally:
            guard.close()
        self._writes.note_confirmed()

    def _at_once(self, jobs: Sequence[Callable[[], object]]) -> None:
        """Run *jobs* side by side, and let the replicas hear the primary meanwhile."""
        with ThreadPoolExecutor(len(jobs)) as pool:
            running = [pool.submit(job) for job in jobs]
            while wait(running, timeout=_PUMP_S).not_done:
                self._deployment.pass_on()
            for one in running:
                one.result()

    def _strike(self) -> str:
        before_ns = clock.shared_ns()
        witness = CRASHES[self._crash](self._deployment, self._writes, self._configuration)
        self._say(Fault(kind=self._crash.value, at="the primary", witness=witness, at_ns=before_ns))
        return witness

    def _redeliver(self) -> None:
        """Deliver every order again, and let the guard ask the venue about it, as a job queue does."""
        self._say(Phase(name="redeliver", at_ns=clock.shared_ns()))
        settings = reference_guard.plain(lease_s=LEASE_S, request_life_s=REQUEST_LIFE_S)
        guard = reference_guard.ReferenceGuard(self._deployment.survivor.url, LEASE_S, settings)
        worker = self._worker(guard)
        waiting = list(self._orders)
        for delivery in range(1, _LAST_DELIVERY + 1):
            for name in waiting:
                worker.call(self._order(name, worker=f"r{delivery}", delivery=delivery))
            waiting = [name for name in waiting if not self._is_settled(name)]
            if not waiting or delivery == _LAST_DELIVERY:
                break
            # A request that was sent may still land within its life; only after that is `not found` an answer.
            clock.pause_s(REQUEST_LIFE_S)
            for name in waiting:
                worker.reconcile({"process": f"c{delivery}", "key": name, "effect_type": USUAL_TYPE})
        guard.close()

    def _reach_save_point(self) -> None:
        """Let the save point be reached: the server takes its snapshot now."""
        if self._configuration.save is not Save.POINTS:
            return
        with self._deployment.primary.client() as client:
            client.bgsave()
            until_ns = clock.elapsed_ns() + _SAVED_S * 10**9
            while info(client, "persistence")["rdb_bgsave_in_progress"] and clock.elapsed_ns() < until_ns:
                clock.pause_s(0.001)

    # Within.

    def _settings(self, wait_ms: int) -> Any:
        if self._configuration.confirm is Confirm.NOTHING:
            return reference_guard.plain(lease_s=LEASE_S, request_life_s=REQUEST_LIFE_S)
        return reference_guard.confirming(
            lease_s=LEASE_S,
            request_life_s=REQUEST_LIFE_S,
            wait_replicas=self._configuration.wait_replicas,
            wait_ms=wait_ms,
        )

    def _patience_ms(self, *, is_calm: bool) -> int:
        """Return how long to wait for confirmation: long where it comes, short where it never can."""
        configuration = self._configuration
        followers = configuration.replicas - (not is_calm and self._crash is Crash.FAILOVER)
        never = configuration.wait_replicas > followers or configuration.append is Append.KERNEL
        return _SHORT_WAIT_MS if never else _LONG_WAIT_MS

    def _worker(self, guard: reference_guard.ReferenceGuard) -> Worker:
        return self._hire(report=self._say, guard=guard, request_life_s=REQUEST_LIFE_S)

    def _order(self, name: str, *, worker: str, delivery: int = 0) -> dict[str, object]:
        self._ops += 1
        payload = self._orders.setdefault(name, {"quantity": len(self._orders) + 1})
        process = f"{worker}.{self._ops}"
        return {"process": process, "op": self._ops, "key": name, "payload": payload, "delivery": delivery}

    def _answered_ok(self) -> int:
        return sum(isinstance(event, Complete) and event.outcome is Outcome.OK for event in self._events)

    def _is_settled(self, name: str) -> bool:
        ops = {event.op for event in self._events if isinstance(event, Invoke) and event.key == name}
        last = max(ops)
        return any(
            isinstance(event, Complete) and event.op == last and event.outcome is Outcome.OK for event in self._events
        )

    def _say(self, event: Event) -> None:
        self._events.append(event)
