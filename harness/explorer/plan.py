"""What is to be explored, as a value, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.explorer.hosting import GREENLET, GREENLETS, Hosting, find_subject
from harness.explorer.world.setting import Setting
from harness.faults.kind import Target
from harness.faults.registry import select
from verify.history.promises import Promise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.faults.kind import FaultKind
    from harness.subjects.contract import Subject

NO_CLOCK = "the server's clock is not ours to move (use the extra `clock` and --redis embedded)"
NOT_LOST = "the server is not ours to lose, or its files are out of reach (use --redis embedded or path)"


@dataclass(slots=True)
class Progress:
    """What can be said of an exploration while it runs."""

    name: str
    doing: str = ""
    schedules: int = 0
    classes: int = 0
    waiting: int = 0
    elapsed_s: float = 0.0


class Pass(NamedTuple):
    """A part of an exploration that is exhausted before the next one begins.

    Attributes:
        workload: What the workers are given.
        faults: Faults per schedule.
        loses_writes: Whether each schedule loses writes, or none does.
    """

    workload: str
    faults: int
    loses_writes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to explore.

    Attributes:
        name: What reports call it.
        subject: Whose guard.
        hosting: How its processes are made and held.
        workers: Processes of the first delivery.
        faults: Faults per schedule at most.
        kinds: Fault kinds asked for.
        workloads: Workloads asked for.
        seed: The run's seed.
        budget_s: Real seconds after which the exploration ends unfinished; None means never.
        limit: Schedules after which it ends unfinished, 1 or more; None means never.
        reduces: Whether schedules that differ in nothing that can be noticed are run once.
        merges: Whether schedules that came to the same are gone on from once, where more than one fault strikes.
    """

    name: str
    subject: Subject
    workers: int
    faults: int
    kinds: tuple[FaultKind, ...]
    workloads: tuple[str, ...]
    seed: int
    budget_s: float | None = None
    limit: int | None = None
    reduces: bool = True
    merges: bool = True
    hosting: Hosting = GREENLETS

    def within(self, budget_s: float | None) -> Plan:
        """Return the plan with *budget_s* as its budget, if that is less than its own."""
        budgets = [each for each in (budget_s, self.budget_s) if each is not None]
        return replace(self, budget_s=min(budgets, default=None))

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The passes in order: fewest faults first, so that the shallow part is whole early."""
        kept, lost = ([kind for kind in self.kinds if bool(kind.loses) is loses] for loses in (False, True))
        return tuple(
            Pass(workload, faults, loses_writes)
            for faults in range(self.faults + 1)
            for workload in self.workloads
            for loses_writes, is_there in ((False, kept or not (faults and lost)), (True, faults and lost))
            if is_there
        )

    def to_object(self) -> dict[str, Any]:
        """Return the plan as a JSON object; the subject is named."""
        return {
            "name": self.name,
            "subject": self.subject.name,
            "promise": str(self.subject.promise),
            "workers": self.workers,
            "faults": self.faults,
            "kinds": [kind.name for kind in self.kinds],
            "workloads": list(self.workloads),
            "seed": self.seed,
            "budget_s": self.budget_s,
            "limit": self.limit,
            "reduces": self.reduces,
            "merges": self.merges,
            "hosting": self.hosting.to_object(),
        }

    @classmethod
    def from_object(cls, stored: Mapping[str, Any]) -> Plan:
        """Return the plan that :meth:`to_object` stored.

        Raises:
            WrongInputError: There is no such subject or fault kind, or the subject cannot be loaded.
        """
        body = {name: stored[name] for name in ("name", "workers", "faults", "seed", "budget_s", "reduces", "merges")}
        hosting = Hosting.from_object(stored["hosting"])
        return cls(
            **body,
            limit=stored.get("limit"),
            hosting=hosting,
            subject=find_subject(stored["subject"], hosting, promise=stored["promise"]),
            kinds=select(stored["kinds"]) if stored["kinds"] else (),
            workloads=tuple(stored["workloads"]),
        )

    def settings(self, *, has_clock: bool, can_be_lost: bool) -> tuple[Setting, ...]:
        """Return what is explored in each pass."""
        missing = unavailable(self.kinds, has_clock=has_clock, can_be_lost=can_be_lost)
        there = [kind for kind in self.kinds if kind.name not in missing]
        return tuple(self._setting(each, there, has_clock=has_clock) for each in self.passes)

    @property
    def has_stand_ins(self) -> bool:
        """Whether a restart stands for a failover anywhere."""
        return bool(self._merges(self.faults) and self.subject.losses_alike and stand_ins(self.kinds))

    def _setting(self, part: Pass, there: Iterable[FaultKind], *, has_clock: bool) -> Setting:
        kinds = tuple(kind for kind in there if part.loses_writes or not kind.loses)
        merges = self._merges(part.faults)
        # With one fault each of the two is tried at every place; what is spared are their combinations.
        taken_as_one = stand_ins(kinds) if merges and self.subject.losses_alike else ()
        spared = [other for _, other in taken_as_one]
        return Setting(
            subject=self.subject,
            workload=part.workload,
            workers=self.workers,
            faults=part.faults,
            kinds=tuple(kind for kind in kinds if kind not in spared),
            has_clock=has_clock,
            reduces=self.reduces,
            merges=merges,
            loses_writes=part.loses_writes,
            stand_ins=taken_as_one,
        )

    def _merges(self, faults: int) -> bool:
        """Say whether schedules are merged that came to the same.

        What a process of the operating system knows, or does while it is held, cannot be told from its commands. What
        several servers hold, and limits that are kept in time, are not followed.
        """
        followed = self.hosting.gate == GREENLET and self.subject.masters == 1 and self.subject.limits is None
        return self.reduces and self.merges and faults > 1 and followed


def stand_ins(kinds: Iterable[FaultKind]) -> tuple[tuple[FaultKind, FaultKind], ...]:
    """Return each restart among *kinds* with the failover that loses the same, where that is among them too."""
    failovers = {kind.loses: kind for kind in kinds if kind.fails_over}
    restarts = [kind for kind in kinds if kind.target is Target.STORE and not kind.fails_over]
    return tuple((kind, failovers[kind.loses]) for kind in restarts if kind.loses in failovers)


def unavailable(kinds: Iterable[FaultKind], *, has_clock: bool, can_be_lost: bool) -> dict[str, str]:
    """Return the kinds that a server cannot do, each with the reason."""
    missing = {kind.name: NO_CLOCK for kind in kinds if kind.needs_clock and not has_clock}
    if not can_be_lost:
        missing |= {kind.name: NOT_LOST for kind in kinds if kind.target is Target.STORE}
    return missing


def workloads_for(promise: Promise) -> tuple[str, ...]:
    """Return the workloads that test a promise: a lock knows no payload, nor what its name stands for."""
    if promise is Promise.CIRCUIT_BREAKER:
        return ("waves",)
    if promise is Promise.RETRY_POLICY:
        return ("tries", "mends")
    return ("same",) if promise is Promise.MUTUAL_EXCLUSION else ("same", "conflict", "neighbours")
