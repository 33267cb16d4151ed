"""A schedule that is told what happens next, order by order, by whoever made it. Decides nothing where it is told.

After the last order it goes on as any schedule does: everything is delivered again, reconciled and settled, and
nothing strikes any more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.explorer.search.tree import Node
from harness.explorer.world.ends import DepartedError, Pause
from harness.explorer.world.operations import Operations
from harness.explorer.world.process import State
from harness.explorer.world.world import World
from harness.faults.registry import ALL, loses_store
from verify.decisions import told

if TYPE_CHECKING:
    from harness.explorer.search.tree import Unit
    from harness.explorer.world.process import Process
    from harness.explorer.world.setting import Job, Setting
    from harness.explorer.world.world import Surroundings

_STEP_LIMIT = 4000
"""Steps after which a told schedule counts as stalled: it may have many calls."""

Order = Callable[["ToldOperations"], None]
"""What happens next."""


class ToldWorld(World):
    """One schedule; it comes back with ``Pause.ORDER`` for every order, and ends after None."""

    step_limit = _STEP_LIMIT

    def __init__(self, setting: Setting, surroundings: Surroundings, key: str, unit: Unit) -> None:
        super().__init__(setting, surroundings, key, unit)
        self.operations: ToldOperations = ToldOperations(self)
        self._told = ""

    def next_order(self) -> Order | None:
        """Wait for what happens next."""
        order: Order | None = self._hub.switch(Pause.ORDER)
        return order

    def possible(self) -> tuple[str, ...]:
        """Return what can be decided now."""
        movable = self.waiting()
        if movable:
            return self._options(movable)
        faults = self._faults.possible() if self.faults_left and self.processes else ()
        return (*(late.name for late in self.late), *faults)

    def paused(self) -> list[Process]:
        """Return the processes that a fault has stopped."""
        return [process for process in self.processes if process.state is State.PAUSED]

    def act(self, decision: str) -> None:
        """Decide what can be decided now; afterwards nobody sleeps for nothing."""
        self._told = decision
        self._act(self.possible(), self._last if self._last in self.waiting() else None)
        self._wake()

    def note(self, decision: str) -> None:
        """Note an order among the decisions."""
        self.path.append(Node((decision,), decision))

    def let_pass(self, seconds: float) -> None:
        """Let time pass by so many seconds."""
        self.note("advance")
        self._faults.advance(ALL["advance"], seconds)

    def _decide(self, options: tuple[str, ...], running: str) -> str:
        taken = self._told or next(option for option in options if not loses_store(option))
        self._told = ""
        if taken not in options:
            raise DepartedError(f"{taken!r} was told, but only {', '.join(options)} can be decided there")
        self.path.append(Node(options, taken, running))
        self._count_step()
        return taken


class ToldOperations(Operations):
    """What can be told to a schedule.

    Attributes:
        calls: How often the guard was called by an order.
    """

    def __init__(self, world: ToldWorld) -> None:
        super().__init__(world)
        self._told_world = world
        self._jobs = []
        self.calls = 0

    def play(self) -> None:
        """Follow the orders, then settle everything."""
        self._begin()
        while (order := self._told_world.next_order()) is not None:
            order(self)
        self._told_world.drive()
        self._end()

    @property
    def can_reconcile(self) -> bool:
        """Whether the subject can reconcile, as far as a process has shown by now."""
        return self._can_reconcile

    def call(self, job: Job, called: str) -> None:
        """Let a new process call the guard; it stops before its first step.

        Args:
            job: What it is given.
            called: What the line of decisions calls the job.
        """
        name = f"w{self.calls}"
        self.calls += 1
        self._told_world.note(told("call", name, called))
        if job in self._jobs:
            self._deliveries[job] += 1
        else:
            self._jobs.append(job)
        self._deliver(name, job, delivery=self._deliveries[job])

    def reconcile(self, job: Job, called: str) -> None:
        """Let a new process reconcile the key of a job; it stops before its first step."""
        self._told_world.note(told("reconcile", f"c{self._recoveries + 1}", called))
        self._begin_to_reconcile(job)

    def decide(self, decision: str) -> None:
        """Let what can be decided be decided."""
        self._told_world.act(decision)

    def come_back(self, process: Process) -> None:
        """Let a paused process wait at the gate again."""
        self._told_world.note(told("back", process.name))
        process.unpause()

    def let_pass(self, seconds: float) -> None:
        """Let time pass."""
        self._told_world.let_pass(seconds)
