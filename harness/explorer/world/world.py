"""One schedule: processes held at the gate, and one decision after another about who goes on and what strikes.

A world decides nothing by itself beyond its prefix: where the prefix ends it takes the first option that is not
asleep, which is to let the same process go on and to strike nobody. What else could have been decided is left in
``path``, and what each decision touched in the trace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import greenlet

from harness.explorer.search.tree import Node, Unit, asleep_after
from harness.explorer.world.ends import AbandonedError, AsleepError, DepartedError, Pause, StalledError
from harness.explorer.world.late import Late
from harness.explorer.world.likeness import Likeness
from harness.explorer.world.operations import Operations
from harness.explorer.world.process import Process, State
from harness.explorer.world.setting import STEP_LIMIT
from harness.explorer.world.situation import Followed, Situation
from harness.explorer.world.steps import CommandStep, EffectStep, SleepStep, Woken
from harness.explorer.world.striking import Striking
from harness.explorer.world.trace import THE_LAST_WRITE, THE_STORE, Trace
from harness.explorer.world.world_faults import WorldFaults
from harness.faults.registry import loses_store
from harness.subjects.contract import REQUEST_LIFE_LEASES
from verify.decisions import GO_ON, actor_of, is_step, late_name
from verify.history.events import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.explorer.gate.link import Link
    from harness.explorer.search.footprint import Footprint
    from harness.explorer.world.seats import Seats
    from harness.explorer.world.setting import Setting
    from harness.explorer.world.steps import Came, Step
    from harness.explorer.world.store import Store

_IDLE_SLEEPS = 3
"""Sleeps that end at once when nobody else can move; after so many in a row, time jumps past the lease."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a schedule finds around it.

    Attributes:
        store: The server.
        seats: Where guards come from.
        applicable: Filled with the places where fault kinds could have struck.
    """

    store: Store
    seats: Seats
    applicable: set[tuple[str, tuple[str, ...]]]


class World(greenlet.greenlet):
    """One schedule being run. Switch into it; it comes back for every :class:`Pause` and when it is over.

    Attributes:
        problem: Why the schedule shows nothing; empty if it does.
        stalled: It did not come to its end.
        blocked: It came to where everything was tried elsewhere.
        departed: The subject did something else than it did before under the same decisions.
        vacuous: The fault with which its prefix ends changed nothing.
        written: Keys that the schedule wrote and nobody evicted, by their plain names.
        writes: How many of its commands changed something, since it last lost the store.
        has_lost_writes: Whether it lost the store with writes.
        jump_s: How far time jumps, when the world waits for that, in seconds.
        situation: Follows what it has come to, where that is asked for.
        likeness: Follows which workers nobody could tell apart.
        idle_sleeps: How often in a row sleepers were woken because nobody else could move.
        awaited: Where there is something to read when a program of the schedule has come to something.
        cold_at: After how many decisions the server did not know a script; None if it knew all. What a server has
            cached is no part of a schedule, so a cold schedule is run again; NOSCRIPT itself is a fault kind.
    """

    step_limit = STEP_LIMIT

    def __init__(self, setting: Setting, surroundings: Surroundings, key: str, unit: Unit) -> None:
        super().__init__(self._run)
        self._hub = greenlet.getcurrent()
        self.setting = setting
        self.surroundings = surroundings
        self.key = key
        self.unit = unit
        self.path: list[Node] = []
        self.now_s = 0.0
        self.jump_s = setting.jump_s
        self.trace = Trace(key, self._now_ns if setting.subject.limits is not None else None)
        self.problem = ""
        self.stalled = False
        self.blocked = False
        self.departed = False
        self.vacuous = False
        self.cold_at: int | None = None
        self.faults_left = setting.faults
        self.preemptions = 0
        self.late: list[Late] = []
        self.processes: list[Process] = []
        self._named: dict[str, Process] = {}
        self.landed_late = False
        self.written: dict[str, bytes] = {}
        self.writes = 0
        self.has_lost_writes = False
        self.awaited = -1
        self._asleep: Mapping[str, Footprint] = {}
        self._last: Process | None = None
        self._has_slept = False
        self.likeness = Likeness()
        self.idle_sleeps = 0
        self._woken: list[Process] = []
        self._steps = 0
        self.situation = Followed(self) if setting.merges else Situation()
        self.operations = Operations(self)
        self._striking = Striking(self)
        self._faults = WorldFaults(self)

    @property
    def decisions(self) -> tuple[str, ...]:
        """The decisions taken."""
        return tuple(node.taken for node in self.path)

    def _run(self) -> None:
        try:
            self.surroundings.store.begin()
            self.operations.play()
        except (StalledError, AbandonedError):
            self.stalled = True
        except AsleepError:
            self.blocked = True
        except DepartedError as error:
            self.departed = True
            self.problem = str(error)
        finally:
            for process in self.processes:
                if process.state is not State.DONE:
                    process.kill()
            for late in self.late:
                late.close()
            self.surroundings.seats.world_ended()

    def _now_ns(self) -> int:
        return int(self.now_s * 1e9)

    def abandon(self) -> None:
        """End the schedule where it stands; its processes unwind and reach nothing."""
        if not self.dead:
            self.throw(AbandonedError())

    # What the recovery script calls.

    def spawn(self, name: str, body: Callable[[], Any]) -> Process:
        """Start a process; it runs to its first step."""
        process = Process(name, body, self, self.surroundings.store)
        self.processes.append(process)
        self._named[name] = process
        self.resume(process, None)
        self.trace.forget_touched()
        return process

    def enter(self, phase: str) -> None:
        """Begin a phase; nothing trades places with its beginning."""
        self.trace.event(Phase(name=phase))
        self.trace.undecided()
        self.situation.passed()

    def drive(self) -> None:
        """Decide and act until no process can move; a fault of the world may strike then too."""
        has_moved = False
        while True:
            runnable = self.waiting()
            if not runnable:
                self._wake()
                runnable = self.waiting()
            if runnable:
                has_moved = True
                self._act(self._options(runnable), self._last if self._last in runnable else None)
                continue
            options = [late.name for late in self.late]
            if self.faults_left and has_moved:
                options += self._faults.possible()
            if not options or self._act((GO_ON, *options)) == GO_ON:
                return

    def land_the_rest(self) -> None:
        """Let every late step land that still can, in every order."""
        while self.late:
            self._act(tuple(late.name for late in self.late))

    def jump(self, seconds: float | None = None) -> bool:
        """Let time pass: past the lease where nothing else is said; return False where the clock is not ours."""
        self.jump_s = self.setting.jump_s if seconds is None else seconds
        if self.setting.has_clock:
            then_s = self.now_s + self.jump_s
            self._miss([late for late in self.late if late.expires_s is not None and late.expires_s < then_s])
        self.trace.undecided()
        if not self.setting.has_clock:
            return False
        self._hub.switch(Pause.JUMP)
        for process in self.processes:
            self._stop_if_refused(process)
        self.now_s += self.jump_s
        for process in self.processes:
            if process.state is State.SLEEPING:
                process.state = State.READY
        return True

    def wait_for(self, descriptor: int) -> None:
        """Come back when there may be something to read at *descriptor*."""
        self.awaited = descriptor
        self._hub.switch(Pause.PROGRAM)

    def let_others_go_on(self) -> None:
        """Come back for a moment while a server comes up."""
        self._hub.switch(Pause.SERVER)

    def resume_paused(self) -> bool:
        """Let the zombies wait at the gate again; say whether there are any."""
        paused = [process for process in self.processes if process.state is State.PAUSED]
        for process in paused:
            process.unpause()
            self._stop_if_refused(process)
        return bool(paused)

    def waiting(self) -> list[Process]:
        """Return the processes that wait at the gate."""
        return [process for process in self.processes if process.state is State.READY]

    def written_now(self, *names: str) -> tuple[str, ...]:
        """Return what a change of keys touches: which one was last matters as long as the last writes may be lost."""
        return (THE_LAST_WRITE, *names) if self.faults_left and self.setting.may_lose_writes else names

    @property
    def must_lose_writes(self) -> bool:
        """Whether the one fault that is left must be a loss of writes, for none has been lost yet."""
        return self.setting.loses_writes and self.faults_left == 1 and not self.has_lost_writes

    # Deciding.

    def _options(self, runnable: list[Process]) -> tuple[str, ...]:
        if self._last in runnable:
            runnable.remove(self._last)
            runnable.insert(0, self._last)
        options = [process.name for process in runnable]
        options += [late.name for late in self.late]
        if self.faults_left:
            for process in runnable:
                options += self._striking.possible(process)
            options += self._faults.possible()
        return tuple(options)

    def _decide(self, options: tuple[str, ...], running: str) -> str:
        at = len(self.path)
        prefix = self.unit.prefix
        alike = self.likeness.of(process.name for process in self.waiting())
        if at < len(prefix):
            taken = prefix[at]
            if taken not in options:
                known = ", ".join(options)
                raise DepartedError(
                    f"decision {at + 1} of the schedule is {taken!r}, but only {known} can be decided there"
                )
            if at == len(prefix) - 1:
                self._asleep = self.unit.asleep
        else:
            taken = self._first_awake(options, [process for process, _ in alike])
        self.path.append(Node(options, taken, running, alike))
        if not taken:
            raise AsleepError
        self._count_step()
        return taken

    def _first_awake(self, options: tuple[str, ...], stood_for: list[str]) -> str:
        """Return how to go on unasked, empty where all is asleep: a store is lost only where it is our own."""
        for option in options:
            if option not in self._asleep and actor_of(option) not in stood_for and not loses_store(option):
                return option
        return ""

    def _count_step(self) -> None:
        self._steps += 1
        if self._steps > self.step_limit:
            raise StalledError

    # Acting.

    def _act(self, options: tuple[str, ...], running: Process | None = None) -> str:
        """Decide, and carry it out; return what was decided."""
        decision = self._decide(options, running.name if running is not None else "")
        actor = actor_of(decision)
        if is_step(actor):
            self._take_step(actor, decision.partition("!")[2])
        elif decision == GO_ON:
            self.trace.touch(everything=True)
        elif (late := next((late for late in self.late if late.name == decision), None)) is not None:
            self.late.remove(late)
            self.landed_late = True
            self._striking.land(late)
            self._moved(None)
        else:
            self.faults_left -= 1
            self._faults.strike(decision)
        touched = self.trace.decided(actor, decision, len(self.path) - 1)
        self.situation.decided(decision)
        self.likeness.decided(actor, decision, touched)
        self._asleep = asleep_after(self._asleep, decision, touched)
        return decision

    def _take_step(self, name: str, fault: str) -> None:
        process = self._named[name]
        if self._last is not None and self._last is not process and self._last.state is State.READY:
            self.preemptions += 1
        self._last = process
        is_command = isinstance(process.step, CommandStep)
        self.situation.acts(process)
        if fault:
            self.faults_left -= 1
            self._striking.strike(process, fault)
        else:
            self.resume(process, self._striking.let_happen(process))
        process.follows_command = is_command and not fault
        self._moved(process)

    def resume(self, process: Process, came: Came | None) -> None:
        """Let *process* experience what came of its step and run to its next one."""
        self.situation.told(process, came)
        process.go_on(came)
        self._stop_if_refused(process)
        if isinstance(process.step, CommandStep):
            # Its client has looked at the connection, which would be another one had the store been lost before.
            self.trace.touch(reads=(THE_STORE,))
        elif isinstance(process.step, SleepStep):
            process.state = State.SLEEPING
            self._has_slept = True
            self.trace.touch(everything=True)

    def _stop_if_refused(self, process: Process) -> None:
        if process.refused:
            self.problem = process.refused
            raise StalledError

    def let_through(self, process: Process, step: CommandStep, link: Link) -> Came:
        """Let a command happen that nobody holds, because its process is held already."""
        self.likeness.is_known = False
        return self._striking.let_through(process, step, link)

    def late_step(self, process: Process, step: Step, kind: str) -> str:
        """Keep a step that lands later; return the decision that lets it land."""
        life_s = self.setting.lease_s * REQUEST_LIFE_LEASES
        expires_s = self.now_s + life_s if isinstance(step, EffectStep) else None
        held = process.link.hand_over_held() if isinstance(step, CommandStep) and process.link is not None else None
        late = Late(late_name(process.name, process.ordinal), process, step, kind, expires_s, held)
        self.late.append(late)
        self.situation.postponed(late)
        return late.name

    def lose_connections(self) -> None:
        """Forget the commands that were on their way; every process finds its connection gone."""
        self._miss([late for late in self.late if isinstance(late.step, CommandStep) and late.step.master == 0])

    def _miss(self, lost: list[Late]) -> None:
        """Forget late steps that could have landed until now, and never will."""
        for late in lost:
            self.late.remove(late)
            self._striking.miss(late)
            late.close()

    def _moved(self, mover: Process | None) -> None:
        if not self._has_slept:
            return
        if mover not in self._woken:
            self.idle_sleeps = 0
        for process in self.processes:
            if process.state is State.SLEEPING and process is not mover:
                process.state = State.READY

    def _wake(self) -> None:
        """Wake the sleepers when nobody else can move: at once a few times, then by a jump of time."""
        sleepers = [process for process in self.processes if process.state is State.SLEEPING]
        if not sleepers or any(process.state is State.READY for process in self.processes):
            return
        self._count_step()
        self.idle_sleeps += 1
        self.trace.undecided()
        if self.idle_sleeps > _IDLE_SLEEPS and not self.jump():
            raise StalledError
        self._woken = sleepers
        for process in sleepers:
            process.state = State.READY
            self.resume(process, Woken())
