"""Runs one stored schedule again, decision by decision."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from harness import clock
from harness.errors import CouldNotRunError
from harness.explorer.cohort import run_alone
from harness.explorer.rig import Rig
from harness.explorer.seats import FreshSeats
from harness.explorer.setting import Setting
from harness.explorer.world import Surroundings, World
from harness.faults.registry import select

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.explorer.schedule import Schedule
    from harness.explorer.target import Target
    from harness.subjects.contract import Subject


_COLD_ATTEMPTS = 32
"""A schedule that meets a script the server does not know is run again; a guard has fewer scripts than this."""


class Replayer:
    """Replays schedules of one subject on one server."""

    def __init__(self, target: Target, subject: Subject) -> None:
        self._target = target
        self._subject = subject
        self._mark = clock.shared_ns() & 0xFFFFFFFF

    def run(self, schedules: list[Schedule]) -> Iterator[World]:
        """Run each schedule by itself, from a fresh state of its own; yield it when it is over.

        Raises:
            CouldNotRunError: The server cannot do what a schedule asks for.
        """
        with Rig(self._target, self._subject) as rig:
            for number, schedule in enumerate(schedules, start=1):
                yield self._run_one(rig, schedule, number)

    def _run_one(self, rig: Rig, schedule: Schedule, number: int) -> World:
        kinds = select(schedule.kinds) if schedule.kinds else ()
        needing = [kind.name for kind in kinds if kind.needs_clock and kind.name in schedule.faults]
        if needing and not self._target.has_clock:
            raise CouldNotRunError(f"the schedule needs {', '.join(needing)}: {rig.no_clock}")
        setting = Setting(
            subject=self._subject,
            workload=schedule.workload,
            workers=schedule.workers,
            faults=len(schedule.faults),
            kinds=kinds,
            lease_s=schedule.lease_s,
            has_clock=self._target.has_clock,
        )
        surroundings = Surroundings(
            self._target.url, rig.pool, FreshSeats(self._subject), defaultdict(set), self._target.keys
        )
        decisions = schedule.decisions
        for attempt in range(_COLD_ATTEMPTS):
            key = f"sp{self._mark:08x}r{number:05d}a{attempt:02d}z"
            world = World(setting, surroundings, key, decisions)
            run_alone(world, lambda: rig.jump(setting.jump_s))
            if world.cold_at is None and decisions == schedule.decisions:
                break
            # Up to the unknown script, then on without a fault, so that the guard loads it; then whole again.
            decisions = schedule.decisions if world.cold_at is None else schedule.decisions[: world.cold_at]
        return world
