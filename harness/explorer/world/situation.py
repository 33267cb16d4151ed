"""What a schedule has come to, as a name: two schedules of one name go on alike, and are judged alike from there on.

Nothing is read from the server or out of a process for it. A guard is deterministic, so what it knows follows from
what it was told, and what the server holds follows from who wrote there, and what each writer knew. The name is made
of causes, so random tokens and real time are not in it. Causes that nobody can meet any more are left out: what a
process knew that has answered or is dead, reads, commands that changed nothing, and which kind of fault it was that
left no trace but its own line in the history.

Must never give one name to situations that differ in anything that a guard could still notice, or a checker judge.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from harness.explorer.world.judged import as_judged
from harness.explorer.world.process import State
from harness.explorer.world.steps import Bytes, CommandStep, Failed, Receipt
from harness.faults.kind import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.explorer.world.late import Late
    from harness.explorer.world.process import Process
    from harness.explorer.world.steps import Came
    from harness.explorer.world.world import World
    from harness.faults.kind import FaultKind

_LOADS_SCRIPTS = ("EVAL", "SCRIPT", "FUNCTION")
"""How commands begin after which the server may hold a script that it did not hold before."""


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

    def lands(self, late: Late) -> None:
        """Follow nothing."""

    def view_of(self, _process: Process) -> bytes:
        """Follow nothing."""
        return b""

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
        self._views: dict[str, bytes] = {}
        self._actor = b""
        self._heard: bytes | None = None
        self._writes: list[tuple[tuple[str, ...] | None, bytes]] = []
        self._losses: list[str] = []
        self._scripts: list[bytes] = []
        kinds = world.setting.kinds
        self._loses_writes = any(kind.target is Target.STORE for kind in kinds)
        self._outside = [kind.name for kind in kinds if world.setting.subject.is_outside("", (kind.name,))]

    def acts(self, process: Process) -> None:
        """Note whose step is taken."""
        self._actor = self._views[process.name]
        self._heard = None

    def lands(self, late: Late) -> None:
        """Note that a late step lands: what was sent was known when it was sent."""
        self._actor = _name("late", late.view)

    def view_of(self, process: Process) -> bytes:
        """Return the name of what a process knows."""
        return self._views[process.name]

    def asked(self, step: CommandStep, keys: Iterable[str] | None, *, wrote: bool) -> None:
        """Note that the server did a command; *keys* are the plain names of what it touches, None for anything."""
        # A command that names no key may still have looked at all of them.
        names = tuple(sorted(keys)) if keys else None
        seen = _name(self._actor, step.name, names, self._written(names), self._around())
        if wrote:
            self._writes.append((names, seen))
        if self._losses and step.name.startswith(_LOADS_SCRIPTS) and not step.name.startswith("EVALSHA"):
            self._scripts.append(seen)
        self._heard = seen

    def removed(self, key: str) -> None:
        """Note that a key is gone."""
        self._writes.append(((key,), _name("removed", self._written((key,)), self._around())))

    def lost(self, kind: FaultKind) -> None:
        """Note that the server died; it keeps what was written before the writes that are lost."""
        if any(names is None for names, _ in self._writes) or len(self._writes) != self._world.writes:
            # A key was removed meanwhile: nobody counts whether that is lost.
            self._writes = [(None, _name("lost", kind.name, self._writes))]
        elif kind.loses:
            self._writes = self._writes[: -kind.loses]
        self._losses.append("failover" if kind.fails_over else "restart")
        self._scripts = []

    def told(self, process: Process, came: Came | None) -> None:
        """Note what a process experiences; None is its beginning."""
        before = self._views.get(process.name, b"")
        self._views[process.name] = _name(before, process.name, self._came(came), self._around())
        self._heard = None

    def hide(self) -> None:
        """Note that a process does more than it waits for: nobody knows any more what it knows."""
        self._is_hidden = True

    def decided(self, decision: str) -> None:
        """Note that a decision was carried out, and what a fault has left behind."""
        prefix = self._world.unit.prefix
        if len(self._world.path) == len(prefix) and "!" in decision and not self._is_hidden:
            self.came_to = self._name("struck")

    def passed(self) -> None:
        """Note what it has come to where nothing from before can trade places with what follows."""
        self._passed += 1
        depth = len(self._world.path)
        if self._is_hidden or depth < len(self._world.unit.prefix) or (self.places and self.places[-1][0] == depth):
            return
        self.places.append((depth, self._name("passed")))

    # Within.

    def _name(self, where: str) -> bytes:
        """Return the name of the situation; *where* tells which point of a schedule's life it is."""
        world = self._world
        struck = world.trace.struck
        written: Any = self._writes
        if not self._loses_writes:
            written = [(key, self._written((key,))) for key in sorted(self._touched())]
        return _name(
            where,
            self._passed,
            self._around(),
            written,
            sorted(world.written),
            world.writes if self._loses_writes else 0,
            world.faults_left,
            world.operations.outlook,
            bool(struck),
            sorted({kind for kind in struck if kind in self._outside}),
            world.idle_sleeps,
            world.landed_late,
            [(late.name, late.kind, late.view, late.expires_s, late.held is None) for late in world.late],
            [self._of(process) for process in world.processes if process.state not in {State.DONE, State.DEAD}],
            [process.name for process in world.processes],
            as_judged(world.trace.events),
        )

    def _of(self, process: Process) -> tuple[Any, ...]:
        is_stale = process.link is not None and process.link.is_stale
        known = self._views[process.name]
        return process.name, process.state.name, known, process.ordinal, process.follows_command, is_stale

    def _around(self) -> tuple[Any, ...]:
        """Return what everybody may notice: the time, how the store was lost, and the scripts that it was given."""
        return self._world.now_s, tuple(self._losses), tuple(self._scripts)

    def _touched(self) -> set[str]:
        return {key for names, _ in self._writes for key in (("",) if names is None else names)}

    def _written(self, keys: Sequence[str] | None) -> list[bytes]:
        """Return what was written where, in order."""
        return [
            seen for names, seen in self._writes if keys is None or names is None or not set(keys).isdisjoint(names)
        ]

    def _came(self, came: Came | None) -> object:
        if isinstance(came, Bytes):
            return came.data if self._heard is None else self._heard
        if isinstance(came, Receipt):
            return self._world.trace.canonical(came.body)
        if isinstance(came, Failed):
            return type(came.error).__name__, str(came.error)
        return type(came).__name__


def _name(*parts: object) -> bytes:
    return blake2b(repr(parts).encode(), digest_size=12).digest()
