"""The claim that can be made of anybody's guard: it keeps its promise in every generated trial."""

from __future__ import annotations

import functools
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import hypothesis
from hypothesis.stateful import run_state_machine_as_test

from harness.conformance.bench import FAULTS, WORKLOAD, Bench, ColdError, PromiseBrokenError
from harness.conformance.drawing import Example, NotShownError, as_example, first_broken, seed_for, settings_of
from harness.conformance.machine import GuardMachine
from harness.conformance.orders import NOTHING, USUAL
from harness.conformance.player import Told, play_out
from harness.conformance.smallest import smallest
from harness.conformance.trial import JUMPS, StoppedError
from harness.errors import CouldNotRunError
from harness.explorer.plan import unavailable
from harness.explorer.rig import Rig
from harness.explorer.runner import COLD_ATTEMPTS
from harness.explorer.store import HistoryStore
from harness.subjects.contract import USUAL_TYPE
from verify.history.record import Bound, ExplorationRecord
from verify.properties.claims import Claimed
from verify.run_layout import PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.conformance.profile import Trials
    from harness.explorer.target import Target

NAME = "keeps_its_promise"
SAYS = (
    "Whatever calls, changed orders, steps, faults, crashes, lost stores, ended leases and reconciliations come in "
    "whatever order, the guard keeps its promise."
)


_CALL = Told("call", {"entity": USUAL, "change": NOTHING})
_CALM = (Told("begin", {"store": "kept", "kind": USUAL_TYPE, "stranger": "0"}), _CALL, _CALL)


@dataclass(slots=True)
class Keeping:
    """Draws trials of one guard on a server, round by round.

    Attributes:
        asked: What is drawn.
        rounds: How many rounds came to their end.
        found: The smallest trial that broke the promise; None where none did.
        unshown: Why nothing can be concluded; empty where something can.
    """

    asked: Trials
    target: Target
    bench: Bench
    store: HistoryStore
    rounds: int = 0
    found: Example | None = None
    unshown: str = ""
    _machine: type[GuardMachine] = field(init=False)

    def __post_init__(self) -> None:
        """Give the machine its bench."""
        self._machine = type("Guard", (GuardMachine,), {"bench": self.bench})

    def draw(self) -> None:
        """Draw one round, unless an earlier one has found something.

        Raises:
            CouldNotRunError: The server is gone, or the gate cannot hold the guard.
            KeyboardInterrupt: The user asked to stop.
        """
        if self.found is not None or self.unshown:
            return
        if self.rounds == 0 and (useless := self._left_in_peace()) is not None:
            self._shrink(useless)
            return
        seed = seed_for(self.asked.seed + self.rounds, NAME)
        settings = settings_of(self.asked.profile, self._kept_in(), trials=True)
        machine = hypothesis.seed(seed)(self._machine)
        try:
            broken = _warm(functools.partial(run_state_machine_as_test, machine, settings=settings))
            if isinstance(broken, PromiseBrokenError):
                self._shrink(broken)
            elif broken is not None:
                self.found = as_example(broken)
        except NotShownError as error:
            self.unshown = str(error)
        except StoppedError as error:
            raise error.error from error
        self.rounds += 1

    def _left_in_peace(self) -> PromiseBrokenError | None:
        """Play one trial that nothing strikes, so that it is seen whether the guard is of any use."""
        try:
            play_out(self.bench, _CALM)
        except PromiseBrokenError as broken:
            return broken
        except StoppedError as error:
            raise error.error from error
        return None

    def _shrink(self, broken: PromiseBrokenError) -> None:
        found = smallest(self.bench, broken)
        self.found = Example(broken=str(found), lines=tuple(map(str, found.orders)))

    def claimed(self) -> Claimed:
        """Return what came of the claim."""
        found = self.found
        return Claimed(
            name=NAME,
            says=SAYS,
            examples=self.bench.trials,
            broken=found.broken if found is not None else "",
            example=found.lines if found is not None else (),
            unshown=self.unshown,
            has_histories=True,
        )

    def record(self, reason: str = "") -> ExplorationRecord:
        """Return what is said of the trials; *reason* says why they did not come to their end."""
        asked, target, bench = self.asked, self.target, self.bench
        kept = tuple(kind for kind in asked.kinds if not asked.subject.is_outside("", [kind.name]))
        missing = unavailable(kept, has_clock=target.has_clock, can_be_lost=target.can_be_lost)
        left_out = [kind.name for kind in asked.kinds if kind not in kept]
        notes = [f"{bench.trials} trials gave {self.store.classes} distinct histories"]
        notes += [f"outside the promise, so not generated: {', '.join(left_out)}"] if left_out else []
        unseen = [kind.name for kind in kept if kind.name not in bench.hits and kind.name not in missing]
        notes += [f"drawn in no trial: {', '.join(unseen)}"] if unseen and self.found is None else []
        return ExplorationRecord(
            tier=PROPERTIES,
            name=asked.name,
            subject=asked.subject.name,
            promise=asked.subject.promise,
            bound=Bound(
                workers=max(1, bench.most_calls),
                faults=FAULTS + JUMPS,
                kinds=tuple(kind.name for kind in kept),
                workloads=(WORKLOAD,),
            ),
            schedules=self.store.schedules,
            classes=self.store.classes,
            exhausted=not reason,
            reason=reason,
            seed=asked.seed,
            server=target.identity,
            hits={kind: dict(sorted(places.items())) for kind, places in sorted(bench.hits.items())},
            unavailable=missing,
            outside=asked.subject.outside,
            step_limited=bench.stalled,
            notes=(*notes, *filter(None, [asked.hosting.described()])),
        )

    def _kept_in(self) -> Path | None:
        if self.asked.examples is None:
            return None
        return self.asked.examples / re.sub(r"[^A-Za-z0-9._-]+", "-", self.asked.subject.name)


@contextmanager
def keeping(asked: Trials, target: Target, folder: Path) -> Iterator[Keeping]:
    """Set up what trials need, and leave their histories in *folder*, which must be there.

    Raises:
        CouldNotRunError: The server is gone, or the subject cannot be prepared.
        WrongInputError: The subject cannot be loaded.
    """
    with HistoryStore(folder) as store, Rig(target, asked.subject, asked.hosting) as rig:
        bench = Bench(rig, target, asked.subject, asked.hosting, store, kinds=asked.kinds, only=asked.only)
        yield Keeping(asked, target, bench, store)
        store.flush()
        store.finish()


def _warm(draw: functools.partial[None]) -> Exception | None:
    """Draw again whenever the server did not know a script: which ones it holds is no part of a trial."""
    for _ in range(COLD_ATTEMPTS):
        try:
            return first_broken(draw)
        except ColdError:
            continue
    raise CouldNotRunError("the server forgets scripts as fast as the subject loads them")
