"""What a schedule has come to, as a name: two schedules of one name go on alike, and are judged alike from there on.

The name is made of causes. Those that nobody can meet any more are left out: what a process knew that has answered or
is dead, reads, commands that changed nothing, and which kind of fault it was that left no trace but its own line in
the history. Where two workers are told the same, and a phase begins, it is one name whichever of them did what.

Must never give one name to situations that differ in anything that a guard could still notice, or a checker judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.explorer.world.causes import Causes, short_name
from harness.explorer.world.judged import as_judged
from harness.explorer.world.process import State
from harness.explorer.world.server_scripts import ServerScripts
from harness.explorer.world.setting import castings
from harness.explorer.world.steps import Bytes, CommandStep, Failed, Receipt
from harness.faults.kind import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.explorer.world.late import Late
    from harness.explorer.world.process import Process
    from harness.explorer.world.steps import Came
    from harness.explorer.world.world import World
    from harness.faults.kind import FaultKind


class Situation:
    """Follows nothing, where nobody asks for names.

    Attributes:
        came_to: The name of what a fault has left behind with which the told part of the schedule ends; else empty.
        places: Names of what the schedule came to where nothing from before can trade places with what follows, each
            with the number of decisions until then.
    """

    came_to = b""
    places: Sequence[tuple[int, bytes]] = ()

    def acts(self, process: Process) -> None:
        """Follow nothing."""

    def postponed(self, late: Late) -> None:
        """Follow nothing."""

    def lands(self, late: Late) -> None:
        """Follow nothing."""

    def asked(self, step: CommandStep, keys: Iterable[str] | None, *, wrote: bool) -> None:
        """Follow nothing."""

    def removed(self, key: str) -> None:
        """Follow nothing."""

    def lost(self, kind: FaultKind) -> None:
        """Follow nothing."""

    def told(self, process: Process, came: Came | None) -> None:
        """Follow nothing."""

    def hide(self) -> None:
        """Follow nothing."""

    def decided(self, decision: str) -> None:
        """Follow nothing."""

    def passed(self) -> None:
        """Follow nothing."""


class Followed(Situation):
    """Follows the causes of one schedule."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.places: list[tuple[int, bytes]] = []
        self._is_hidden = False
        self._passed = 0
        self._losses: list[str] = []
        self._scripts = ServerScripts(world.key)
        setting = world.setting
        self._causes = [Causes(casting) for casting in castings(setting.workload, setting.workers)]
        self._losing = [kind.loses for kind in setting.kinds if kind.target is Target.STORE]
        self._outside = [kind.name for kind in setting.kinds if setting.subject.is_outside("", (kind.name,))]

    def acts(self, process: Process) -> None:
        """Note whose step is taken."""
        for causes in self._causes:
            causes.acts(process.name)

    def postponed(self, late: Late) -> None:
        """Note that a step lands later."""
        for causes in self._causes:
            causes.postponed(late)

    def lands(self, late: Late) -> None:
        """Note that a late step lands."""
        for causes in self._causes:
            causes.lands(late)

    def asked(self, step: CommandStep, keys: Iterable[str] | None, *, wrote: bool) -> None:
        """Note that the server did a command; *keys* are the plain names of what it touches, None for anything."""
        names = tuple(sorted(keys)) if keys else None
        around = (self._world.now_s, tuple(self._losses), self._scripts.told_by(step) if self._losses else ())
        for causes in self._causes:
            causes.asked(step.name, names, around, wrote=wrote)
        if self._losses:
            self._scripts.learn(step)

    def removed(self, key: str) -> None:
        """Note that a key is gone."""
        for causes in self._causes:
            causes.removed(key, self._world.now_s)

    def lost(self, kind: FaultKind) -> None:
        """Note that the server died; it keeps what was written before the writes that are lost, and no script."""
        for causes in self._causes:
            causes.lost(kind)
        self._losses.append("failover" if kind.fails_over else "restart")
        self._scripts.forget()

    def told(self, process: Process, came: Came | None) -> None:
        """Note what a process experiences; None is its beginning."""
        for causes in self._causes:
            causes.told(process.name, self._came(came), self._world.now_s)

    def hide(self) -> None:
        """Note that a process does more than it waits for: nobody knows any more what it knows."""
        self._is_hidden = True

    def decided(self, decision: str) -> None:
        """Note that a decision was carried out, and what a fault has left behind."""
        prefix = self._world.unit.prefix
        if len(self._world.path) == len(prefix) and "!" in decision and not self._is_hidden:
            # Among the faults tried at one decision, what follows may still trade places with what was before.
            self.came_to = self._name("struck", self._causes[:1])

    def passed(self) -> None:
        """Note what it has come to where nothing from before can trade places with what follows."""
        self._passed += 1
        depth = len(self._world.path)
        if self._is_hidden or depth < len(self._world.unit.prefix) or (self.places and self.places[-1][0] == depth):
            return
        self.places.append((depth, self._name("passed", self._causes)))

    # Within.

    def _name(self, where: str, castings: Sequence[Causes]) -> bytes:
        """Return one name for the situation as each of *castings* plays it; *where* tells the point of its life."""
        world = self._world
        struck = world.trace.struck
        common = (
            where,
            self._passed,
            world.now_s,
            self._losses,
            self._scripts.held,
            sorted(world.written),
            world.faults_left,
            world.operations.outlook,
            bool(struck),
            sorted({kind for kind in struck if kind in self._outside}),
            world.idle_sleeps,
            world.landed_late,
        )
        return min(short_name(common, self._as_cast(causes)) for causes in castings)

    def _as_cast(self, causes: Causes) -> tuple[Any, ...]:
        """Return what of the name depends on who is who."""
        world = self._world
        going_on = [process for process in world.processes if process.state not in {State.DONE, State.DEAD}]
        return (
            causes.held(min(max(self._losing), world.writes) if self._losing and world.faults_left else None),
            [(late.kind, causes.known_of(late), late.expires_s, late.held is None) for late in world.late],
            sorted(self._of(process, causes) for process in going_on),
            sorted(causes.part_of(process.name) for process in world.processes),
            as_judged(world.trace.events, causes.casting),
        )

    @staticmethod
    def _of(process: Process, causes: Causes) -> tuple[Any, ...]:
        is_stale = process.link is not None and process.link.is_stale
        known = causes.known_to(process.name)
        part = causes.part_of(process.name)
        return part, process.state.name, known, process.ordinal, process.follows_command, is_stale

    def _came(self, came: Came | None) -> object:
        if isinstance(came, Bytes):
            return came.data
        if isinstance(came, Receipt):
            return self._world.trace.canonical(came.body)
        if isinstance(came, Failed):
            return type(came.error).__name__, str(came.error)
        return type(came).__name__
