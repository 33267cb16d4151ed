"""One logical process of a schedule: a greenlet that runs the subject and stops before each step."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import greenlet

from harness.explorer.world.steps import Came, CommandStep, ProcessDead, SleepStep, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.explorer.gate.link import Link
    from harness.explorer.world.store import Store


class Stoppable(Protocol):
    """What a process of a schedule runs in, where that is more than a greenlet."""

    def stop(self) -> None:
        """Stop every thread of it."""

    def go_on(self) -> None:
        """Let it go on."""


_LAST_WORDS = 64
"""How many steps a dying process may try before it is left where it stands: a handler may swallow its death."""


class Working(NamedTuple):
    """A process works on, in a program of its own, and has come to no step yet.

    Attributes:
        descriptor: There is something to read there when it has.
    """

    descriptor: int


class State(Enum):
    """Where a process is."""

    READY = "waits at the gate"
    SLEEPING = "sleeps until another moves or time does"
    PAUSED = "stopped by a fault, comes back as a zombie"
    DONE = "has answered"
    DEAD = "is dead"


class Process(greenlet.greenlet):
    """A process of one schedule.

    Attributes:
        name: ``w0``, ``w1`` for workers, ``r1`` ... for redeliveries, ``c1`` ... for reconciliations.
        store: The server that it may connect to.
        step: What it waits for at the gate; None before its start and after its end.
        refused: Why the gate cannot hold what the subject does; empty where it can.
        link: The connection that carries a waiting command.
        ordinal: How many steps it has brought to the gate.
        connections: Those that stand, where it shares our interpreter.
        follows_command: Whether its last step was a command that nothing struck.
        was_struck: Whether a fault struck it.
        program: What it runs in besides its greenlet; None where there is nothing.
    """

    def __init__(self, name: str, body: Callable[[], Any], world: greenlet.greenlet, store: Store) -> None:
        super().__init__(self._live, world)
        self.name = name
        self.store = store
        self.state = State.READY
        self.step: Step | None = None
        self.ordinal = 0
        self.link: Link | None = None
        self.refused = ""
        self.connections = 0
        self.follows_command = False
        self.was_struck = False
        self.program: Stoppable | None = None
        self._body = body
        self._world = world
        self._last_words = 0

    def _live(self) -> None:
        try:
            self._body()
        except ProcessDead:
            return

    @property
    def is_alive(self) -> bool:
        """False from the moment a crash struck, though the process's own code may still unwind."""
        return self.state is not State.DEAD

    # Called by the process itself, from inside the subject.

    def wait(self, step: Step) -> Came:
        """Stop before *step*; return what came of it.

        Raises:
            ProcessDead: The process is dead: whatever it still tries, nothing happens.
        """
        if self.state is State.DEAD:
            self._last_words += 1
            if self._last_words < _LAST_WORDS:
                raise ProcessDead
        came: Came = self._world.switch(step)
        return came

    def wait_with(self, step: CommandStep, link: Link) -> Came:
        """Stop before a command; *link* is the connection that will carry it."""
        self.link = link
        return self.wait(step)

    def lets_others_work(self, descriptor: int) -> bool:
        """Let other schedules go on until something may be read at *descriptor*, or for a while.

        Returns False where there are none that could: whoever waits waits alone.
        """
        if self.state is State.DEAD or not hasattr(self._world, "wait_for"):
            return False
        self._world.switch(Working(descriptor))
        return True

    def rest(self) -> float:
        """Wait until another process has moved; return how many seconds time has jumped meanwhile."""
        before_s = self._time_s()
        self.wait(SleepStep(seconds=0.0))
        return self._time_s() - before_s

    def _time_s(self) -> float:
        now_s: float = getattr(self._world, "now_s", 0.0)  # it may run in a rig
        return now_s

    def let_through(self, step: CommandStep, link: Link) -> Came:
        """Do at once what the process sends while it is held: a background thread of it does."""
        came: Came = self._world.let_through(self, step, link)  # type: ignore[attr-defined]  # it runs in a world
        return came

    # Called by the world.

    def pause(self) -> None:
        """Stop the process until it comes back as a zombie."""
        self.state = State.PAUSED
        if self.program is not None:
            self.program.stop()

    def unpause(self) -> None:
        """Let the process wait at the gate again."""
        self.state = State.READY
        if self.program is not None:
            self.program.go_on()

    def go_on(self, came: Came | None) -> None:
        """Let the process run to its next step, or to its end."""
        step = self.switch() if came is None else self.switch(came)
        while isinstance(step, Working):
            self._world.wait_for(step.descriptor)  # type: ignore[attr-defined]  # it runs in a world
            step = self.switch()
        if self.dead:
            self.step = None
            self.state = State.DONE
        else:
            self.step = step
            self.ordinal += 1

    def kill(self) -> None:
        """Make the process dead to Redis and to the venue; its ``finally`` blocks run and reach nothing."""
        self.state = State.DEAD
        self.step = None
        if not self.dead:
            self.throw(ProcessDead())
        if self.link is not None:
            # Its connections end with it.
            self.link.drop_held()


def running() -> Process | None:
    """Return the process that executes this very code; None outside every process."""
    current = greenlet.getcurrent()
    return current if isinstance(current, Process) else None
