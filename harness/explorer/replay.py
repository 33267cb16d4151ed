"""Runs one stored schedule again, decision by decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import clock
from harness.errors import CouldNotRunError
from harness.explorer.cohort import run_alone
from harness.explorer.plan import unavailable
from harness.explorer.rig import Rig
from harness.explorer.runner import COLD_ATTEMPTS, warming_for
from harness.explorer.search.tree import Unit
from harness.explorer.world.setting import Setting
from harness.explorer.world.world import Surroundings, World
from harness.faults.registry import select

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from harness.explorer.hosting import Hosting
    from harness.explorer.schedule import Schedule
    from harness.explorer.target import Target
    from harness.subjects.contract import Subject


class Replayer:
    """Replays schedules of one subject on one server."""

    def __init__(self, target: Target, subject: Subject, hosting: Hosting) -> None:
        self._target = target
        self._subject = subject
        self._hosting = hosting
        self._mark = clock.shared_ns() & 0xFFFFFFFF

    def run(self, schedules: Iterable[Schedule]) -> Generator[World]:
        """Run each schedule by itself, from a fresh state of its own; yield it when it is over.

        A schedule is asked for when the one before is over.

        Raises:
            CouldNotRunError: The server cannot do what a schedule asks for.
        """
        with Rig(self._target, self._subject, self._hosting) as rig:
            for number, schedule in enumerate(schedules, start=1):
                yield self._run_one(rig, schedule, number)

    def _run_one(self, rig: Rig, schedule: Schedule, number: int) -> World:
        kinds = select(schedule.kinds) if schedule.kinds else ()
        cannot = unavailable(kinds, has_clock=self._target.has_clock, can_be_lost=self._target.can_be_lost)
        for name, why in cannot.items():
            if name in schedule.faults:
                raise CouldNotRunError(f"the schedule needs {name}: {why}")
        setting = Setting(
            subject=self._subject,
            workload=schedule.workload,
            workers=schedule.workers,
            faults=len(schedule.faults) + schedule.more_faults,
            kinds=kinds,
            lease_s=schedule.lease_s,
            has_clock=self._target.has_clock,
            reduces=False,
        )
        key = f"sp{self._mark:08x}r{number:05d}"
        for attempt in range(COLD_ATTEMPTS):
            world = self._once(rig, setting, f"{key}a{attempt:02d}z", Unit(schedule.decisions, {}))
            if world.cold_at is None:
                break
            for at, unit in enumerate(warming_for(world)):
                self._once(rig, setting, f"{key}w{attempt:02d}x{at}z", unit)
        return world

    def _once(self, rig: Rig, setting: Setting, key: str, unit: Unit) -> World:
        store = rig.store_for(unit)
        world = World(setting, Surroundings(store, rig.gate.seats(keeps_guards=False, fresh=True), set()), key, unit)
        run_alone(world, lambda: rig.jump(setting.jump_s))
        rig.take_back(store)
        return world
