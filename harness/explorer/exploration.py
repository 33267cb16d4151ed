"""One exploration from its first schedule to its record.

Passes with fewer faults come first; within a pass, fewer preemptions come first as long as memory stays flat.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness import clock
from harness.explorer.plan import Plan, Progress, unavailable
from harness.explorer.rig import Rig
from harness.explorer.runner import Runner
from harness.explorer.search.tree import Tree
from verify.history.record import Bound, ExplorationRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.explorer.jobs import Jobs
    from harness.explorer.journal import Place
    from harness.explorer.outcome import Outcome
    from harness.explorer.search.tree import Unit
    from harness.explorer.store import HistoryStore
    from harness.explorer.target import Target
    from harness.explorer.world.setting import Setting

_STALLS = 8
"""Schedules without end after which it is clear that there are more of them: each branches at every poll."""

_STAND_IN = (
    "where two faults strike, a server that starts again stands for a replica that takes over and has lost as much: "
    "the subject says that it does the same behind both, and a sample was run with either"
)

INTERRUPTED = "interrupted"
"""The reason of an exploration that the user ended."""


@dataclass(slots=True)
class _Counts:
    hits: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    applicable: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    step_limited: int = 0
    merged: Counter[int] = field(default_factory=Counter)
    nondeterministic: str = ""


class Exploration:
    """Runs a plan on a server."""

    def __init__(
        self,
        plan: Plan,
        target: Target,
        store: HistoryStore,
        *,
        jobs: Jobs | None = None,
        on_progress: Callable[[Progress], None] = lambda _progress: None,
        on_history: Callable[[Outcome], str] = lambda _outcome: "",
    ) -> None:
        """Prepare an exploration.

        Args:
            plan: What to explore.
            target: Where.
            store: Where histories go.
            jobs: The processes that run the schedules, not entered yet; None: this one does.
            on_progress: Told after every schedule.
            on_history: Told of every schedule whose history is new; what it returns, unless empty, is the reason to
                stop there.
        """
        self.plan = plan
        self._target = target
        self._store = store
        self._jobs = jobs
        self._on_progress = on_progress
        self._on_history = on_history
        self._counts = _Counts()
        self._progress = Progress(plan.name)
        self._started_ns = clock.elapsed_ns()

    def run(self) -> ExplorationRecord:
        """Explore and return the record.

        Raises:
            CouldNotRunError: The server is gone.
            WrongInputError: The subject cannot be loaded or prepared.
        """
        reason = ""
        try:
            if self._jobs is not None:
                with self._jobs as jobs:
                    reason = self._every_pass(jobs)
            else:
                with Rig(self._target, self.plan.subject, self.plan.hosting) as rig:
                    reason = self._every_pass(Runner(rig, self.plan.subject))
        except KeyboardInterrupt:
            reason = INTERRUPTED
        finally:
            self._store.flush()
        if not reason:
            self._store.finish()
        return self.record(reason)

    @property
    def elapsed_s(self) -> float:
        """Real seconds since the exploration was prepared."""
        return (clock.elapsed_ns() - self._started_ns) / 1e9

    def record(self, reason: str) -> ExplorationRecord:
        """Return what the exploration says of itself; *reason* is empty if it came to its end."""
        plan, target = self.plan, self._target
        notes = [] if target.has_clock else ["time cannot be moved on this server: leases never ran out"]
        notes += filter(None, [plan.hosting.described(), _merging_described(self._counts.merged.total())])
        notes += [_STAND_IN] if plan.has_stand_ins and target.can_be_lost else []
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
            server=target.identity,
            hits={kind: dict(sorted(places.items())) for kind, places in sorted(self._counts.hits.items())},
            applicable={kind: tuple(sorted(at)) for kind, at in sorted(self._counts.applicable.items())},
            unavailable=unavailable(plan.kinds, has_clock=target.has_clock, can_be_lost=target.can_be_lost),
            outside=plan.subject.outside,
            step_limited=self._counts.step_limited,
            nondeterministic=self._counts.nondeterministic,
            requires_overlap=plan.workers > 1,
            notes=tuple(notes),
        )

    # Within.

    def _every_pass(self, runner: Runner | Jobs) -> str:
        settings = self.plan.settings(has_clock=self._target.has_clock, can_be_lost=self._target.can_be_lost)
        for at, setting in enumerate(settings):
            if setting.loses_writes and not setting.may_lose_writes:
                continue
            faults = setting.faults
            self._progress.doing = f"{setting.workload}, {faults} fault{'' if faults == 1 else 's'}"
            self._progress.doing += ", losing writes" if setting.loses_writes else ""
            reason = self._one_pass(at, setting, runner)
            if reason:
                return reason
        return ""

    def _one_pass(self, at: int, setting: Setting, runner: Runner | Jobs) -> str:
        tree = Tree(reduces=setting.reduces)
        back: dict[Unit, Outcome] = {}

        def next_unit() -> Unit | None:
            """Return a schedule that was not run before the exploration was interrupted."""
            while (unit := tree.take()) is not None:
                outcome = self._store.remembered((at, unit.prefix))
                if outcome is None:
                    return unit
                tree.give_back(unit, outcome.ran)
                self._count(outcome)
            return None

        for unit, outcome in runner.run(setting, next_unit):
            if unit is None:
                return self._why_stop(outcome)
            back[unit] = outcome
            self._store.keep_lines(outcome)
            for learned in tree.give_back(unit, outcome.ran):
                stop = self._take((at, learned.prefix), back.pop(learned))
                if stop:
                    return stop
            self._progress.waiting = len(tree)
            self._counts.merged[at] = tree.merged
        return ""

    def _take(self, place: Place, outcome: Outcome) -> str:
        """Count and store what a schedule says; return why to stop, empty to go on."""
        self._count(outcome)
        is_new = self._store.add(place, outcome)
        self._progress.schedules = self._store.schedules
        self._progress.classes = self._store.classes
        self._progress.elapsed_s = self.elapsed_s
        self._on_progress(self._progress)
        return (self._on_history(outcome) if is_new else "") or self._why_stop(outcome)

    def _count(self, outcome: Outcome) -> None:
        counts = self._counts
        for place, kinds in outcome.applicable:
            for kind in kinds:
                counts.applicable[kind].add(place)
        counts.step_limited += outcome.stalled
        if outcome.history is not None:
            for kind, place in outcome.hits:
                counts.hits[kind][place] += 1

    def _why_stop(self, outcome: Outcome) -> str:
        if outcome.nondeterministic:
            self._counts.nondeterministic = outcome.nondeterministic
            return outcome.problem or "the subject is not deterministic under the gate"
        if outcome.problem:
            return outcome.problem
        if self._counts.step_limited >= _STALLS:
            return f"{_STALLS} schedules went on for ever; a subject that polls without end cannot be exhausted"
        budget_s = self.plan.budget_s
        if budget_s is not None and self._progress.elapsed_s > budget_s:
            return f"the budget of {budget_s:g} s ran out in the pass '{self._progress.doing}'"
        if self.plan.limit is not None and self._store.schedules >= self.plan.limit:
            return f"the limit of {self.plan.limit} schedules was reached in the pass '{self._progress.doing}'"
        return ""


def _merging_described(merged: int) -> str:
    """Return a sentence for the reader where schedules were not gone on from; else nothing."""
    if not merged:
        return ""
    return (
        f"{merged:,} times a schedule came to what another one had come to, under one fault or another; what could "
        "follow was run once, so a finding under two faults may name one of several kinds that show it"
    )
