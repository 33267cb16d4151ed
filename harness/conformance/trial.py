"""One generated trial: a schedule that is told what happens next. Draws nothing, and judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.explorer.cohort import run_until_asked
from harness.explorer.search.tree import Unit
from harness.explorer.world.steps import EffectStep
from harness.explorer.world.told_world import ToldWorld
from harness.explorer.world.world import Surroundings
from harness.faults.kind import Target
from harness.faults.registry import ALL
from verify.decisions import actor_of, on_key, struck_kind

if TYPE_CHECKING:
    from harness.explorer.rig import Rig
    from harness.explorer.world.process import Process
    from harness.explorer.world.setting import Setting
    from harness.explorer.world.told_world import Order
    from harness.faults.kind import FaultKind


_OF_KEYS = tuple(kind.name for kind in ALL.values() if kind.target is Target.KEY)
JUMPS = 3
"""Jumps of time in one trial at most, besides its faults."""


class StoppedError(BaseException):
    """Nothing more can be run. No Exception: nothing is to be shrunk for it.

    Attributes:
        error: Why.
    """

    def __init__(self, error: HarnessError) -> None:
        super().__init__(str(error))
        self.error = error


class Trial:
    """A trial on a rig, from its first call to its last word.

    Attributes:
        world: The schedule.
    """

    def __init__(self, rig: Rig, setting: Setting, key: str, loss: FaultKind | None) -> None:
        """Begin a trial that asks for its first order.

        Args:
            rig: Where.
            setting: What may strike, and how often.
            key: The trial's own.
            loss: How its store may be lost, once; None where the trial shares the server.
        """
        self._rig = rig
        unit = Unit((loss.name,) if loss is not None else (), {})
        self._store = rig.store_for(unit)
        self._loss = loss
        seats = rig.gate.seats(keeps_guards=False, fresh=True)
        self.world = ToldWorld(setting, Surroundings(self._store, seats, set()), key, unit)
        self._jumps = 0
        self._can_jump = setting.has_clock and any(kind.target is Target.TIME for kind in setting.kinds)
        self._asks = True
        self._options: tuple[str, ...] = ()
        self._run()

    @property
    def is_over(self) -> bool:
        """Whether it follows no more orders."""
        return not self._asks

    @property
    def movable(self) -> list[str]:
        """The names of the processes that wait at the gate."""
        return [process.name for process in self.world.waiting()] if self._asks else []

    @property
    def paused(self) -> dict[str, Process]:
        """The processes that were stopped, by name."""
        return {process.name: process for process in self.world.paused()} if self._asks else {}

    @property
    def late(self) -> list[str]:
        """The decisions that let a late step land."""
        return [late.name for late in self.world.late] if self._asks else []

    @property
    def has_time(self) -> bool:
        """Whether time may jump."""
        return self._asks and self._jumps < JUMPS and self._can_jump

    def blows(self) -> dict[tuple[str, str], list[str]]:
        """Return the faults that can strike a process where it stands, by process and family of faults."""
        found: dict[tuple[str, str], list[str]] = {}
        for decision in self._options:
            if "!" in decision:
                family = ALL[struck_kind(decision)].family
                found.setdefault((actor_of(decision), family), []).append(decision)
        return found

    def disasters(self) -> list[str]:
        """Return the faults that can strike a key or the store now."""
        store = self._possible(Target.STORE) if self._loss is not None and self.world.writes else ()
        keys = self._possible(Target.KEY)
        written = self.world.written.items() if keys else ()
        held = {on_key(kind, name) for name, key in written for kind in _OF_KEYS if self._holds(key)}
        return [*(each for each in keys if each in held), *store]

    def before_effect(self, process: str) -> bool:
        """Whether a process stands at the gate before its effect."""
        return any(each.name == process and isinstance(each.step, EffectStep) for each in self.world.waiting())

    def tell(self, order: Order | None) -> None:
        """Let the trial follow an order; None ends it."""
        if self._asks:
            self._run(order)

    def let_pass(self, seconds: float) -> None:
        """Let time jump."""
        self._jumps += 1
        self.tell(lambda operations: operations.let_pass(seconds))

    def lose(self, disaster: str) -> None:
        """Let a key or the store be lost; a store can be lost once."""
        if disaster in self._possible(Target.STORE):
            self._loss = None
        self.tell(lambda operations: operations.decide(disaster))

    def finish(self) -> ToldWorld:
        """Let everything be settled; return the schedule."""
        self.tell(None)
        return self.world

    def abandon(self) -> None:
        """End the trial where it stands."""
        self.world.abandon()
        self._end()

    def _possible(self, target: Target) -> list[str]:
        kinds = {each: struck_kind(each) for each in self._options if "!" not in each}
        return [each for each, kind in kinds.items() if kind and ALL[kind].target is target and self._fits(ALL[kind])]

    def _holds(self, key: bytes) -> bool:
        """Say whether the server has a key: one that is gone cannot be lost."""
        return bool(self._store.pool.ask(b"EXISTS", key))

    def _fits(self, kind: FaultKind) -> bool:
        """Say whether the store was prepared to be lost like that."""
        return kind.target is not Target.STORE or (
            self._loss is not None and kind.fails_over is self._loss.fails_over
        )

    def _run(self, *order: Order | None) -> None:
        try:
            if not run_until_asked(self.world, lambda: self._rig.jump(self.world.jump_s), *order):
                self._end()
            self._options = self.world.possible() if self._asks else ()
        except HarnessError as error:
            raise StoppedError(error) from error

    def _end(self) -> None:
        if self._asks:
            self._asks = False
            self._rig.take_back(self._store)
