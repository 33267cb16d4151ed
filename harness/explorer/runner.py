"""Runs schedules on one server: side by side, again where the server did not know a script, some with fresh guards.

Says what came of each and decides nothing about what is run next.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from harness import clock
from harness.errors import CouldNotRunError
from harness.explorer.claims import losses_alike, reusable, with_failovers
from harness.explorer.cohort import run_together
from harness.explorer.outcome import Historian
from harness.explorer.rig import losses_of
from harness.explorer.search.tree import Unit
from harness.explorer.world.world import Surroundings, World
from verify.decisions import actor_of, is_step, struck_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.explorer.outcome import Outcome
    from harness.explorer.rig import Rig
    from harness.explorer.world.seats import Seats
    from harness.explorer.world.setting import Setting
    from harness.subjects.contract import Subject

_FLUSH_EVERY = 20_000
"""Schedules between two FLUSHALLs of a server of our own; their keys stay below 30 MB."""

_LOSING = 8
"""Schedules that lose their store in flight at most: each has a server of its own, and mostly waits for it."""

COLD_ATTEMPTS = 32
"""How often a schedule is run again because the server did not know a script; a guard has fewer scripts than this."""


class Runner:
    """Runs schedules of one subject."""

    def __init__(self, rig: Rig, subject: Subject) -> None:
        self._rig = rig
        self._historian = Historian(subject)
        # Two explorations of one seed on one server must not meet each other's keys.
        self._mark = clock.shared_ns() & 0xFFFFFFFF
        self._numbered = 0
        self._since_flush = 0
        self._again: list[Unit] = []
        self._aside: list[Unit] = []
        self._warming: set[Unit] = set()
        self._cold: Counter[Unit] = Counter()
        self._reusable = reusable()
        self._losses_alike = losses_alike()

    def run(self, setting: Setting, next_unit: Callable[[], Unit | None]) -> Iterator[tuple[Unit | None, Outcome]]:
        """Run schedules as long as there are any; yield what came of each, with None for a second run of one.

        Args:
            setting: What is explored.
            next_unit: Gives the next schedule; None when there is none now. It is asked again whenever one ended.
        """
        ran = True
        while ran or self._since_flush >= _FLUSH_EVERY:
            if self._since_flush >= _FLUSH_EVERY:
                self._rig.start_afresh()
                self._since_flush = 0
            ran = False
            for world in run_together(
                lambda: self._next(setting, next_unit),
                lambda: self._rig.jump(setting.jump_s),
                self._rig.gate.cohort,
            ):
                ran = True
                yield from self._ended(world)
            for world in run_together(
                lambda: self._next_losing(setting), lambda: self._rig.jump(setting.jump_s), _LOSING
            ):
                ran = True
                self._rig.take_back(world.surroundings.store)
                yield from self._ended(world)

    # Within.

    def _next(self, setting: Setting, next_unit: Callable[[], Unit | None]) -> World | None:
        """Return the next schedule for the shared server; those that lose their server are put aside."""
        if (doubted := self._reusable.doubted()) is not None:
            again = self._world(setting, doubted.unit, self._rig.gate.seats(keeps_guards=False, fresh=True))
            self._reusable.checks(doubted, again)
            return again
        while self._since_flush < _FLUSH_EVERY:
            unit = self._again.pop() if self._again else next_unit()
            if unit is None:
                return None
            if not losses_of(unit):
                return self._world(setting, unit, self._rig.gate.seats(keeps_guards=True))
            self._aside.append(unit)
        return None

    def _next_losing(self, setting: Setting) -> World | None:
        if (doubted := self._losses_alike.doubted()) is not None:
            again = self._losing_world(setting.with_failovers(), with_failovers(doubted))
            self._losses_alike.checks(doubted, again)
            return again
        return self._losing_world(setting, self._aside.pop(0)) if self._aside else None

    def _losing_world(self, setting: Setting, unit: Unit) -> World:
        # A guard that is kept holds connections to the server that the others share.
        return self._world(setting, unit, self._rig.gate.seats(keeps_guards=False))

    def _world(self, setting: Setting, unit: Unit, seats: Seats) -> World:
        self._numbered += 1
        self._since_flush += 1
        self._rig.collecting.ran()
        key = f"sp{self._mark:08x}n{self._numbered:07d}z"
        surroundings = Surroundings(self._rig.store_for(unit), seats, self._historian.applicable)
        return World(setting, surroundings, key, unit)

    def _ended(self, world: World) -> Iterator[tuple[Unit | None, Outcome]]:
        claim = next((claim for claim in (self._reusable, self._losses_alike) if claim.is_checked_by(world)), None)
        if claim is not None:
            broken = claim.settled(world)
            if broken is not None:
                yield None, broken
        elif world.unit in self._warming:
            self._warming.discard(world.unit)
        elif world.cold_at is not None:
            self._warm_up(world)
        else:
            outcome = self._historian.outcome(world)
            if outcome.history is not None:
                self._relies(world)
            yield world.unit, outcome

    def _relies(self, world: World) -> None:
        """Note on which claims of the subject a schedule relied."""
        if not losses_of(world.unit):
            if self._rig.gate.reuses:
                self._reusable.relied_on(world)
        elif world.setting.stand_ins:
            self._losses_alike.relied_on(world)

    def _warm_up(self, world: World) -> None:
        """Let a schedule be run once more, behind those in which the guard loads the script that was unknown."""
        self._cold[world.unit] += 1
        if self._cold[world.unit] > COLD_ATTEMPTS:
            raise CouldNotRunError(
                f"the server forgets scripts as fast as the subject loads them; seen in '{' '.join(world.decisions)}'"
            )
        warming = warming_for(world)
        self._warming.update(warming)
        self._again += [world.unit, *warming]


def warming_for(world: World) -> list[Unit]:
    """Return schedules of which one lets the guard load what was unknown to the server in *world*.

    In the first the guard meets the script without the last fault before it. It may take that fault to come to the
    script at all: the second begins like *world*, and goes on by itself from where the script was unknown.
    """
    met = world.decisions[: world.cold_at]
    struck = max((at for at, decision in enumerate(met) if struck_kind(decision)), default=None)
    if struck is None:
        return [Unit(met, {})]
    actor = actor_of(met[struck])
    undisturbed = (*met[:struck], actor) if is_step(actor) else met[:struck]
    return [Unit(undisturbed, {}), Unit(met, {})]
