"""One exploration from its first schedule to its record.

Schedules without a fault come first, then those with one, and so on, so that a budget that ends early leaves the
shallow part whole.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from harness import clock
from harness.explorer.cohort import run_together
from harness.explorer.frontier import Frontier
from harness.explorer.rig import Rig
from harness.explorer.seats import FreshSeats, ReusedSeats, Seats
from harness.explorer.setting import Setting
from harness.explorer.world import Surroundings, World
from verify.history.promises import Promise
from verify.history.record import Bound, ExplorationRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.explorer.frontier import Prefix
    from harness.explorer.store import HistoryStore
    from harness.explorer.target import Target
    from harness.faults.kind import FaultKind
    from harness.subjects.contract import Subject

_FLUSH_EVERY = 20_000
"""Schedules between two FLUSHALLs of a server of our own; their keys stay below 30 MB."""

_STALLS = 8
"""Schedules without end after which it is clear that there are more of them: each branches at every poll."""

_ALWAYS_CHECKED = 16
_CHECKED_EVERY = 256
"""Schedules of a reusable subject that are run again with fresh guards: the first ones, then one in so many."""


@dataclass(slots=True)
class Progress:
    """What can be said of an exploration while it runs."""

    name: str
    doing: str = ""
    schedules: int = 0
    classes: int = 0
    waiting: int = 0
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to explore.

    Attributes:
        name: What reports call it.
        subject: Whose guard.
        workers: Processes of the first delivery.
        faults: Faults per schedule at most.
        kinds: Fault kinds asked for.
        workloads: Workloads asked for.
        seed: The run's seed.
        budget_s: Real seconds after which the exploration ends unfinished; None means never.
    """

    name: str
    subject: Subject
    workers: int
    faults: int
    kinds: tuple[FaultKind, ...]
    workloads: tuple[str, ...]
    seed: int
    budget_s: float | None = None

    def within(self, budget_s: float | None) -> Plan:
        """Return the plan with *budget_s* as its budget, if that is less than its own."""
        budgets = [each for each in (budget_s, self.budget_s) if each is not None]
        return replace(self, budget_s=min(budgets, default=None))


def workloads_for(promise: Promise) -> tuple[str, ...]:
    """Return the workloads that test a promise: a lock has no notion of a payload."""
    return ("same",) if promise is Promise.MUTUAL_EXCLUSION else ("same", "conflict")


@dataclass(slots=True)
class _Counts:
    hits: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    applicable: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    step_limited: int = 0
    problem: str = ""
    nondeterministic: str = ""


class Exploration:
    """Runs a plan on a server."""

    def __init__(
        self,
        plan: Plan,
        target: Target,
        store: HistoryStore,
        *,
        on_progress: Callable[[Progress], None] = lambda _progress: None,
        on_history: Callable[[World], str] = lambda _world: "",
    ) -> None:
        """Prepare an exploration.

        Args:
            plan: What to explore.
            target: Where.
            store: Where histories go.
            on_progress: Told after every schedule.
            on_history: Told of every world whose history is new; what it returns, unless empty, is the reason to
                stop there.
        """
        self.plan = plan
        self._target = target
        self._store = store
        self._on_progress = on_progress
        self._on_history = on_history
        self._counts = _Counts()
        self._progress = Progress(plan.name)
        self._started_ns = clock.elapsed_ns()
        self._stop = ""
        self._doubted: list[World] = []
        self._originals: dict[World, World] = {}
        # Two explorations of one seed on one server must not meet each other's keys.
        self._mark = clock.shared_ns() & 0xFFFFFFFF
        self._numbered = 0
        self._since_flush = 0

    def run(self) -> ExplorationRecord:
        """Explore and return the record.

        Raises:
            CouldNotRunError: The server is gone.
            WrongInputError: The subject cannot be loaded or prepared.
        """
        reason = ""
        try:
            with Rig(self._target, self.plan.subject) as rig:
                reason = self._every_pass(rig)
        except KeyboardInterrupt:
            reason = INTERRUPTED
        finally:
            self._store.flush()
        return self.record(reason)

    @property
    def elapsed_s(self) -> float:
        """Real seconds since the exploration was prepared."""
        return (clock.elapsed_ns() - self._started_ns) / 1e9

    def record(self, reason: str) -> ExplorationRecord:
        """Return what the exploration says of itself; *reason* is empty if it came to its end."""
        plan = self.plan
        missing = {kind.name: Rig.no_clock for kind in plan.kinds if kind.needs_clock and not self._target.has_clock}
        notes = () if self._target.has_clock else ("time cannot be moved on this server: leases never ran out",)
        return ExplorationRecord(
            tier="explore",
            name=plan.name,
            subject=plan.subject.name,
            promise=plan.subject.promise,
            bound=Bound(
                workers=plan.workers,
                faults=plan.faults,
                kinds=tuple(kind.name for kind in plan.kinds),
                workloads=plan.workloads,
            ),
            schedules=self._store.schedules,
            classes=self._store.classes,
            exhausted=not reason,
            reason=reason,
            seed=plan.seed,
            server=self._target.identity,
            hits={kind: dict(sorted(places.items())) for kind, places in sorted(self._counts.hits.items())},
            applicable={kind: tuple(sorted(at)) for kind, at in sorted(self._counts.applicable.items())},
            unavailable=missing,
            outside=plan.subject.outside,
            step_limited=self._counts.step_limited,
            nondeterministic=self._counts.nondeterministic,
            requires_overlap=plan.workers > 1,
            notes=notes,
        )

    # Within.

    def _every_pass(self, rig: Rig) -> str:
        for faults in range(self.plan.faults + 1):
            for workload in self.plan.workloads:
                setting = Setting(
                    subject=self.plan.subject,
                    workload=workload,
                    workers=self.plan.workers,
                    faults=faults,
                    kinds=tuple(kind for kind in self.plan.kinds if self._target.has_clock or not kind.needs_clock),
                    has_clock=self._target.has_clock,
                )
                self._progress.doing = f"{workload}, {faults} fault{'' if faults == 1 else 's'}"
                reason = self._one_pass(setting, rig)
                if reason:
                    return reason
        return ""

    def _one_pass(self, setting: Setting, rig: Rig) -> str:
        frontier = Frontier()
        seats: Seats = ReusedSeats(setting.subject) if setting.subject.reusable else FreshSeats(setting.subject)
        stop = ""

        def next_world() -> World | None:
            if self._doubted and not stop:
                doubted = self._doubted.pop()
                again = self._world(setting, doubted.decisions, rig, FreshSeats(setting.subject))
                self._originals[again] = doubted
                return again
            if stop or not frontier or self._since_flush >= _FLUSH_EVERY:
                return None
            return self._world(setting, frontier.take(), rig, seats)

        while (frontier or self._doubted) and not stop:
            for world in run_together(next_world, lambda: rig.jump(setting.jump_s)):
                original = self._originals.pop(world, None)
                if original is not None:
                    stop = stop or self._compare(original, world)
                    continue
                if world.cold_at is not None:
                    frontier.put_back(world.prefix)
                    continue
                frontier.branch(world.prefix, world.path)
                self._take(world)
                self._progress.waiting = len(frontier)
                if self._is_sampled(world):
                    self._doubted.append(world)
                stop = stop or self._why_stop(world)
            if self._since_flush >= _FLUSH_EVERY:
                self._start_afresh(rig)
        return stop

    def _world(self, setting: Setting, prefix: Prefix, rig: Rig, seats: Seats) -> World:
        self._numbered += 1
        self._since_flush += 1
        key = f"sp{self._mark:08x}n{self._numbered:07d}z"
        return World(
            setting,
            Surroundings(self._target.url, rig.pool, seats, self._counts.applicable, self._target.keys),
            key,
            prefix,
        )

    def _take(self, world: World) -> None:
        if world.stalled:
            self._counts.step_limited += not world.problem
        elif not world.departed and not world.problem and world.faults_left == 0:
            for kind, place in world.trace.hits:
                self._counts.hits[kind][place] += 1
            if self._store.add(world):
                self._stop = self._stop or self._on_history(world)
        self._progress.schedules = self._store.schedules
        self._progress.classes = self._store.classes
        self._progress.elapsed_s = self.elapsed_s
        self._on_progress(self._progress)

    def _why_stop(self, world: World) -> str:
        if world.departed:
            self._counts.nondeterministic = f"the subject did not do the same again: {world.problem}"
            return "the subject is not deterministic under the gate"
        if world.problem:
            return world.problem
        if self._stop:
            return self._stop
        if self._counts.step_limited >= _STALLS:
            return f"{_STALLS} schedules went on for ever; a subject that polls without end cannot be exhausted"
        budget_s = self.plan.budget_s
        if budget_s is not None and self._progress.elapsed_s > budget_s:
            return f"the budget of {budget_s:g} s ran out in the pass '{self._progress.doing}'"
        return ""

    def _is_sampled(self, world: World) -> bool:
        """Say whether a schedule of a reusable subject is run again with fresh guards: the claim is never trusted."""
        number = self._store.schedules
        is_due = number <= _ALWAYS_CHECKED or number % _CHECKED_EVERY == 0
        return self.plan.subject.reusable and not world.stalled and is_due

    def _compare(self, world: World, again: World) -> str:
        """Compare a sampled schedule with the same one on fresh guards; a cold one proves nothing and is dropped."""
        if again.cold_at is not None or again.trace.events == world.trace.events:
            return ""
        self._counts.nondeterministic = (
            "the subject says that a guard may be reused, but with fresh guards the schedule "
            f"'{' '.join(world.decisions)}' gives another history"
        )
        return "the subject is not reusable, though it says so"

    def _start_afresh(self, rig: Rig) -> None:
        self._target.clear()
        rig.prepare()
        self._since_flush = 0


INTERRUPTED = "interrupted"
"""The reason of an exploration that the user ended."""
