"""One schedule: processes held at the gate, and one decision after another about who goes on and what strikes.

A world decides nothing by itself beyond its prefix: where the prefix ends it takes the first option, which is to let
the same process go on and to strike nobody. What else could have been decided is left in ``path``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import greenlet

from harness.explorer.operations import Operations
from harness.explorer.process import Process, State
from harness.explorer.setting import STEP_LIMIT
from harness.explorer.steps import CommandStep, EffectStep, Woken
from harness.explorer.striking import Striking
from harness.explorer.trace import TIME, Trace, place_of
from harness.faults.registry import ALL
from harness.subjects.contract import REQUEST_LIFE_LEASES

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.explorer.seats import Seats
    from harness.explorer.setting import Setting
    from harness.explorer.steps import Came, Step
    from harness.explorer.wire import Wire, WirePool
    from harness.faults.kind import FaultKind

GO_ON = "go-on"
ADVANCE = "advance"
_IDLE_SLEEPS = 3
"""Sleeps that end at once when nobody else can move; after so many in a row, time jumps past the lease."""


class StalledError(Exception):
    """The schedule went on for ever."""


class AbandonedError(Exception):
    """The exploration ends in the middle of this schedule."""


class DepartedError(Exception):
    """The subject did not do again what it did before under the same decisions."""


@dataclass(slots=True)
class Late:
    """A step whose client gave up and that lands later.

    ``expires_s`` is virtual time; None means never. ``held`` is the wire that the client's connection held (WATCH):
    a MULTI block that lands later is still subject to it.
    """

    name: str
    process: Process
    step: Step
    kind: str
    expires_s: float | None
    held: Wire | None


@dataclass(frozen=True, slots=True)
class Node:
    """One decision: what could be decided, and what was."""

    options: tuple[str, ...]
    taken: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the schedules of one exploration share.

    Attributes:
        url: Where subjects are told that the server is.
        pool: Wires to the server.
        seats: Where guards come from.
        applicable: Filled with the places where each fault kind could have struck.
        keys: Filled with the keys that commands named; None where nobody needs them.
    """

    url: str
    pool: WirePool
    seats: Seats
    applicable: dict[str, set[str]]
    keys: set[bytes] | None = None


class World(greenlet.greenlet):
    """One schedule being run. Switch into it; it comes back at every jump of time and when it is over."""

    def __init__(
        self,
        setting: Setting,
        surroundings: Surroundings,
        key: str,
        prefix: tuple[str, ...],
    ) -> None:
        super().__init__(self._run)
        self._hub = greenlet.getcurrent()
        self.setting = setting
        self.surroundings = surroundings
        self.key = key
        self.prefix = prefix
        self.path: list[Node] = []
        self.trace = Trace(key)
        self.problem = ""
        self.stalled = False
        self.departed = False
        # After how many decisions the server did not know a script; None if it knew all. What a server has cached
        # is no part of a schedule, so a cold schedule is run again; NOSCRIPT itself is a fault kind.
        self.cold_at: int | None = None
        self.faults_left = setting.faults
        self.preemptions = 0
        self.late: list[Late] = []
        self.processes: list[Process] = []
        self.landed_late = False
        self.now_s = 0.0
        self._last: Process | None = None
        self._idle_sleeps = 0
        self._woken: list[Process] = []
        self._steps = 0
        self.operations = Operations(self)
        self._striking = Striking(self)

    @property
    def decisions(self) -> tuple[str, ...]:
        """The decisions taken."""
        return tuple(node.taken for node in self.path)

    def _run(self) -> None:
        try:
            self.operations.play()
        except (StalledError, AbandonedError):
            self.stalled = True
        except DepartedError as error:
            self.departed = True
            self.problem = str(error)
        finally:
            for process in self.processes:
                if process.state is not State.DONE:
                    process.kill()
            for late in self.late:
                if late.held is not None:
                    late.held.close()

    def abandon(self) -> None:
        """End the schedule where it stands; its processes unwind and reach nothing."""
        if not self.dead:
            self.throw(AbandonedError())

    # What the recovery script calls.

    def spawn(self, name: str, body: Callable[[], Any]) -> Process:
        """Start a process; it runs to its first step."""
        process = Process(name, body, self)
        self.processes.append(process)
        self.resume(process, None)
        return process

    def drive(self) -> None:
        """Decide and act until no process can move."""
        while True:
            self._wake()
            runnable = [process for process in self.processes if process.state is State.READY]
            if runnable:
                self._act(self._decide(self._options(runnable)))
            elif self.late:
                decision = self._decide((GO_ON, *(late.name for late in self.late)))
                if decision == GO_ON:
                    return
                self._act(decision)
            else:
                return

    def land_the_rest(self) -> None:
        """Let every late step land that still can, in every order."""
        while self.late:
            self._act(self._decide(tuple(late.name for late in self.late)))

    def jump(self) -> bool:
        """Let time pass the lease; return False where the clock is not ours."""
        if not self.setting.has_clock:
            return False
        self._hub.switch()
        self.now_s += self.setting.jump_s
        self.late = [late for late in self.late if late.expires_s is None or late.expires_s >= self.now_s]
        for process in self.processes:
            if process.state is State.SLEEPING:
                process.state = State.READY
        return True

    def resume_paused(self) -> bool:
        """Let the zombies wait at the gate again; say whether there are any."""
        paused = [process for process in self.processes if process.state is State.PAUSED]
        for process in paused:
            process.state = State.READY
        return bool(paused)

    # Deciding.

    def _options(self, runnable: list[Process]) -> tuple[str, ...]:
        if self._last in runnable:
            runnable.remove(self._last)
            runnable.insert(0, self._last)
        options = [process.name for process in runnable]
        options += [late.name for late in self.late]
        if self.faults_left:
            for process in runnable:
                if process.step is not None:
                    options += [f"{process.name}!{kind.name}" for kind in self._kinds_for(process)]
            if self.setting.has_clock and any(kind.name == ADVANCE for kind in self.setting.kinds):
                options.append(ADVANCE)
                self.surroundings.applicable[ADVANCE].add(TIME)
        return tuple(options)

    def _kinds_for(self, process: Process) -> tuple[FaultKind, ...]:
        if process.step is None:
            return ()
        kinds = self.setting.strikes(process.step)
        place = place_of(process)
        for kind in kinds:
            self.surroundings.applicable[kind.name].add(place)
        return kinds

    def _decide(self, options: tuple[str, ...]) -> str:
        at = len(self.path)
        taken = self.prefix[at] if at < len(self.prefix) else options[0]
        if taken not in options:
            raise DepartedError(
                f"decision {at + 1} of the schedule is {taken!r}, but only {', '.join(options)} can be decided there"
            )
        self.path.append(Node(options, taken))
        self._count_step()
        return taken

    def _count_step(self) -> None:
        self._steps += 1
        if self._steps > STEP_LIMIT:
            raise StalledError

    # Acting.

    def _act(self, decision: str) -> None:
        if decision == ADVANCE:
            self.faults_left -= 1
            self.trace.advanced(self.setting.jump_s)
            self.jump()
            return
        late = next((late for late in self.late if late.name == decision), None)
        if late is not None:
            self.late.remove(late)
            self.landed_late = True
            self._striking.land(late)
            self._moved(None)
            return
        name, struck, fault = decision.partition("!")
        process = next(process for process in self.processes if process.name == name)
        if self._last is not None and self._last is not process and self._last.state is State.READY:
            self.preemptions += 1
        self._last = process
        if struck:
            self.faults_left -= 1
            self._striking.strike(process, ALL[fault])
        else:
            self.resume(process, self._striking.let_happen(process))
        self._moved(process)

    def resume(self, process: Process, came: Came | None) -> None:
        """Let *process* experience what came of its step and run to its next one."""
        process.go_on(came)
        if process.refused:
            self.problem = f"the subject {process.refused}; the greenlet gate cannot hold that"
            raise StalledError
        if process.step is not None and process.step.name == "sleep":
            process.state = State.SLEEPING

    def late_step(self, process: Process, step: Step, kind: str) -> None:
        """Keep a step that lands later."""
        life_s = self.setting.lease_s * REQUEST_LIFE_LEASES
        expires_s = self.now_s + life_s if isinstance(step, EffectStep) else None
        held = process.link.hand_over_held() if isinstance(step, CommandStep) and process.link is not None else None
        self.late.append(Late(f"late{len(self.path)}", process, step, kind, expires_s, held))

    def _moved(self, mover: Process | None) -> None:
        if mover not in self._woken:
            self._idle_sleeps = 0
        for process in self.processes:
            if process.state is State.SLEEPING and process is not mover:
                process.state = State.READY

    def _wake(self) -> None:
        """Wake the sleepers when nobody else can move: at once a few times, then by a jump of time."""
        sleepers = [process for process in self.processes if process.state is State.SLEEPING]
        if not sleepers or any(process.state is State.READY for process in self.processes):
            return
        self._count_step()
        self._idle_sleeps += 1
        if self._idle_sleeps > _IDLE_SLEEPS and not self.jump():
            raise StalledError
        self._woken = sleepers
        for process in sleepers:
            process.state = State.READY
            self.resume(process, Woken())
