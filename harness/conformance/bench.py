"""Where generated trials are run: one rig, and what was seen on it. Counts, stores and judges; draws nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from harness import clock
from harness.conformance.orders import changes_for, entities_for
from harness.conformance.trial import StoppedError, Trial
from harness.errors import CouldNotRunError
from harness.explorer.hosting import GREENLET
from harness.explorer.outcome import History, Outcome, digest_of, lines_of
from harness.explorer.plan import unavailable
from harness.explorer.schedule import line_of
from harness.explorer.search.tree import Ran
from harness.explorer.world.setting import Setting
from harness.explorer.world.steps import EffectStep
from harness.faults.kind import Target
from harness.faults.registry import ALL
from harness.subjects.contract import USUAL_TYPE
from verify.history.judge import judge_history
from verify.history.promises import Promise
from verify.history.words import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.conformance.player import Told
    from harness.explorer.hosting import Hosting
    from harness.explorer.rig import Rig
    from harness.explorer.store import HistoryStore
    from harness.explorer.target import Target as Server
    from harness.explorer.world.told_world import ToldWorld
    from harness.faults.kind import FaultKind
    from harness.subjects.contract import Subject
    from verify.history.words import Finding

WORKLOAD = "generated"
FAULTS = 3
"""Faults of one trial at most, besides jumps of time."""

_FLUSH_EVERY = 20_000
_KEPT = "kept"
_SHARED = 6
"""Of so many trials with a store that is kept there is one that restarts and one that fails over: those take long."""
_LOST = {"restarts": "restart_losing:1", "fails over": "failover_losing:1"}


class PromiseBrokenError(AssertionError):
    """A trial broke the promise.

    Attributes:
        checker: Which checker says so.
        orders: The orders that the trial followed.
    """

    def __init__(self, finding: Finding, orders: tuple[Told, ...]) -> None:
        super().__init__(finding.sentence)
        self.checker = finding.checker
        self.orders = orders


class ColdError(BaseException):
    """A server did not know a script yet, which is no part of a trial. No Exception: nothing is shrunk for it."""


class Bench:
    """Runs trials of one subject.

    Attributes:
        stores: What may become of a trial's store, as the trials call it.
        entities: What the guard may be called with.
        kinds: The kinds of effect.
        changes: What may be changed of an order under its key.
        effect_faults: The fault kinds that can strike an effect.
        lease_s: The lease, in seconds of virtual time.
        trials: How many trials came to their end.
        hits: How often each fault kind struck at each place.
        stalled: How many trials did not come to their end.
        faultless: How many there were that nothing struck.
        most_calls: How many calls there were in the trial that had most of them.
    """

    def __init__(
        self,
        rig: Rig,
        target: Server,
        subject: Subject,
        hosting: Hosting,
        store: HistoryStore,
        *,
        kinds: Iterable[FaultKind],
        only: str = "",
    ) -> None:
        """Prepare the bench.

        Args:
            rig: Where trials are run; it is entered.
            target: The server.
            subject: Whose guard.
            hosting: How its processes are held.
            store: Where histories go.
            kinds: The fault kinds that may strike; those outside the promise are left out.
            only: The one checker whose findings break a trial; empty for all that are promised.
        """
        self._rig = rig
        self._subject = subject
        self._store = store
        self._only = only
        self._mark = clock.shared_ns() & 0xFFFFFFFF
        self._numbered = 0
        self._setting = Setting(
            subject=subject,
            workload=WORKLOAD,
            workers=1,
            faults=FAULTS,
            kinds=_possible(kinds, target, subject),
            has_clock=target.has_clock,
            reduces=False,
        )
        fails_over = {kind.fails_over for kind in self._setting.kinds if kind.target is Target.STORE}
        self._losses = {name: ALL[loss] for name, loss in _LOST.items() if ALL[loss].fails_over in fails_over}
        self.stores = (*(_KEPT,) * _SHARED, *self._losses)
        self.entities = entities_for(subject)
        told_apart = subject.effect_types if hosting.gate == GREENLET else ()
        self.kinds = tuple(dict.fromkeys((USUAL_TYPE, *told_apart)))
        knows_payload = subject.promise in {Promise.AT_MOST_ONCE, Promise.EXACTLY_ONCE_OR_IN_DOUBT}
        self.changes = changes_for(subject, self.kinds, knows_payload=knows_payload)
        self.lease_s = self._setting.lease_s
        # Where the guard is in the middle of it there is most to break.
        self.effect_faults = tuple(kind.name for kind in self._setting.strikes(EffectStep(payload={})))
        self.trials = 0
        self.stalled = 0
        self.faultless = 0
        self.most_calls = 0
        self.hits: dict[str, Counter[str]] = defaultdict(Counter)

    def begin(self, store: str) -> Trial:
        """Return a trial on a store that is kept, or lost in the way that *store* says."""
        self._numbered += 1
        if self._numbered % _FLUSH_EVERY == 0:
            self._rig.start_afresh()
        return Trial(self._rig, self._setting, f"sp{self._mark:08x}t{self._numbered:07d}z", self._losses.get(store))

    def judge(self, world: ToldWorld, orders: tuple[Told, ...]) -> None:
        """Store what happened in a trial that is over and followed *orders*, and judge it.

        Raises:
            PromiseBrokenError: It broke the promise.
            ColdError: The server did not know a script.
            StoppedError: The gate cannot hold the subject.
        """
        if world.problem:
            raise StoppedError(CouldNotRunError(world.problem))
        if world.cold_at is not None:
            raise ColdError
        self.trials += 1
        if world.stalled:
            self.stalled += 1
            return
        for finding in self._kept(world):
            raise PromiseBrokenError(finding, orders)

    def _kept(self, world: ToldWorld) -> list[Finding]:
        """Store the history; return what breaks the promise in it."""
        trace = world.trace
        self.most_calls = max(self.most_calls, world.operations.calls)
        self.faultless += not trace.struck
        for kind, place in trace.hits:
            self.hits[kind][place] += 1
        lines = lines_of(trace.events)
        history = History(digest_of(lines), lines, ())
        outcome = Outcome(
            ran=Ran(path=(), events=()),
            history=history,
            line=line_of(WORKLOAD, world.decisions),
            faults=tuple(trace.struck),
            preemptions=world.preemptions,
        )
        self._store.keep_lines(outcome)
        self._store.add((0, world.decisions), outcome)
        if self._subject.is_outside(WORKLOAD, trace.struck):
            return []
        found = judge_history(trace.events, self._subject.promise).findings
        return [
            finding
            for finding, promised in found
            if promised and finding.verdict is Verdict.INVALID and self._only in {"", finding.checker}
        ]


def _possible(kinds: Iterable[FaultKind], target: Server, subject: Subject) -> tuple[FaultKind, ...]:
    """Return the kinds that the promise covers and the server can do."""
    covered = [kind for kind in kinds if not subject.is_outside("", [kind.name])]
    missing = unavailable(covered, has_clock=target.has_clock, can_be_lost=target.can_be_lost)
    return tuple(kind for kind in covered if kind.name not in missing)
