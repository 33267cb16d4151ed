"""One operating system process that runs a guard, as it is seen from the gate."""

from __future__ import annotations

import select
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from harness import clock
from harness.explorer.proxy.doorway import Doorway, TooManyConnectionsError
from harness.explorer.proxy.lines import LinesError
from harness.explorer.proxy.living import Living
from harness.explorer.world.process import running
from harness.explorer.world.steps import Bytes, Cut, TimedOut
from harness.interruption import stop_if_asked
from harness.processes.timed_waits import timed_wait_of
from harness.subjects.contract import ElsewhereError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.gate.commands import CommandTable
    from harness.explorer.gate.link import Link
    from harness.explorer.proxy.doorway import Connection
    from harness.explorer.proxy.lines import Lines
    from harness.explorer.world.process import Process
    from harness.explorer.world.steps import Came, CommandStep

TIME_MOVED = signal.SIGRTMIN + 5
LIMIT_REACHED = signal.SIGRTMIN + 6
"""Signals that our Python host understands."""

_QUIET_MS = 50
"""After so long without a sign a program that runs nowhere counts as waiting for what the gate cannot see."""
_PATIENCE_MS = 2000
"""The same for a program that was found waiting and then told to go on: its sleep ends in real time."""
_BUSY_S = 30.0
"""How long a program may compute without doing anything that the gate sees."""
_SETTLE_S = 5.0
"""How long we wait for a program that is not our host's to do nothing: it may have threads that never rest."""
_MOST_ASIDE = 1000
"""So many commands of background threads in a row, and they count as a flood that never ends."""
_A_MOMENT_S = 0.000_05
_WORDS = 300
_ANSWERS = {
    "init": frozenset({"ready", "error"}),
    "prepare": frozenset({"prepared"}),
    "call": frozenset({"result", "error"}),
    "reconcile": frozenset({"reconciled", "error"}),
}
"""What ends each of the things that a program is asked for."""
_WITHOUT_ID = frozenset({"ready", "prepared"})
"""What is said of no call; an id in it is a field that nobody knows."""


class ProgramError(Exception):
    """The program does what the gate cannot hold, or has ended; the text goes on after "the subject"."""


class Program(Living):
    """A process, the lines to it, and the doorway through which it finds Redis.

    Attributes:
        process: The process of the schedule that it is at the moment.
        is_usable: Whether it waits to be asked; False from the moment it is asked until it has answered, or is dead.
        has_guard: Whether a guard has answered in it.
        reconciles: Whether that guard can reconcile.
        is_reusable: Whether it says that another guard may be made in it.
        passes_messages: A subscriber gets its messages when the program runs.
    """

    passes_messages = True

    def __init__(
        self, pid: int, lines: Lines, table: CommandTable, log: Path, *, is_ours: bool, masters: int = 1
    ) -> None:
        super().__init__(pid, is_ours=is_ours)
        self._log = log
        self.process: Process | None = None
        self.is_usable = True
        self.has_guard = False
        self.reconciles = False
        self.is_reusable = False
        self.doorway = Doorway(table, self, masters)
        self._lines = lines
        self._poller = self.doorway.poller
        self._poller.register(lines.incoming, select.EPOLLIN)
        self._asked = 0
        self._asked_for = ""
        self._has_loop = False
        self._missed_time = False
        self._patience_ms = _QUIET_MS
        self._limited: Connection | None = None

    # The passage of its connections.

    def pass_command(self, step: CommandStep, link: Link) -> Bytes | Cut | TimedOut:
        """Hold the process until the step is chosen; let through what it sends while it is held anyway."""
        process = self.process
        if process is None:
            return Cut()
        came: Came = process.wait_with(step, link) if running() is process else process.let_through(step, link)
        if not isinstance(came, (Bytes, Cut, TimedOut)):
            raise TypeError(f"a command came back as {came!r}")
        return came

    def rest(self) -> float:
        """Let others go on until one has moved; return how many seconds time has jumped meanwhile."""
        if self.process is None or running() is not self.process:
            self.refuse("waits in a thread of its own for what another client does")
            return 0.0
        return self.process.rest()

    def refuse(self, reason: str) -> None:
        """End the schedule: the subject does what this gate cannot hold."""
        raise ProgramError(f"{reason}; the proxy gate cannot hold that")

    # What is said.

    def say(self, **message: Any) -> None:
        """Say something to the program; what became of its connections meanwhile is known to it by then.

        Raises:
            ProgramError: It is dead.
        """
        self.doorway.drop_stale()
        try:
            self._lines.say(**message)
        except LinesError as error:
            raise self._ended(error) from error

    def begin(self, message: dict[str, Any]) -> int:
        """Ask for something; return the number under which the answer comes.

        Raises:
            ProgramError: It is dead.
        """
        self._asked += 1
        self._asked_for = message["do"]
        self.is_usable = False
        self.say(**message, id=self._asked)
        return self._asked

    def answered(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to what was asked.

        Raises:
            ElsewhereError: The guard raised.
            ProgramError: It is no answer.
        """
        what = message["say"]
        if what in {"broken", "refused"}:
            raise ProgramError(str(message.get("why")))
        if what not in _ANSWERS[self._asked_for]:
            raise ProgramError(f"said {what!r} where the answer to {self._asked_for!r} was expected")
        self.is_usable = True
        if what == "error":
            raise ElsewhereError(
                outcome=str(message.get("outcome", "INDETERMINATE")),
                word=str(message.get("word", "")),
                name=str(message.get("detail", "")),
            )
        return message

    def wake(self, kind: str) -> None:
        """Let it go on after it slept, or was idle."""
        if kind == "sleep" or self._has_loop:
            self.say(do="wake", id=self._asked, now_ms=clock.wall_ms())
        elif not self.is_ours:
            self._patience_ms = _PATIENCE_MS
        elif self._lines.is_empty and not self._poller.poll(0):
            # Nor has it gone on already, because time has moved.
            self.doorway.drop_stale()
            self.signal(LIMIT_REACHED)

    def heard(self) -> dict[str, Any]:
        """Let the program run until it says something, and return that; ``idle`` where it waits for nothing we see.

        Raises:
            ProgramError: It cannot be held, or computes for ever.
        """
        deadline_ns = clock.elapsed_ns() + int(_BUSY_S * 1e9)
        hint: dict[str, Any] | None = None
        said: dict[str, Any] | None = None
        while True:
            while said is None and (message := self._lines.pop()) is not None:
                if message["say"] == "limit":
                    self._limit_answered(message)
                elif message["say"] == "idle":
                    self._has_loop = True
                    hint = message
                elif message["say"] not in _WITHOUT_ID and message.get("id", self._asked) != self._asked:
                    raise ProgramError(f"said {message['say']!r} of {message['id']}, and was asked {self._asked}")
                else:
                    said = message
            if said is not None and not self._has_threads:
                return said
            ready = self._poller.poll(0) or (self._sign() if said is None and hint is None else [])
            if ready:
                self._patience_ms = _QUIET_MS
                self._serve(self._all_asked(ready, deadline_ns))
                deadline_ns = clock.elapsed_ns() + int(_BUSY_S * 1e9)
            elif self.is_asleep():
                if not self._poller.poll(0):
                    self._refuse_real_time()
                    return said or hint or {"say": "idle"}
            else:
                self._wait_a_moment(deadline_ns, is_short=said is not None or hint is not None)

    def come_to_rest(self) -> None:
        """Let what its background threads and tasks want to send pass, until all of them wait."""
        try:
            self._let_all_pass()
        except ProgramError as error:
            self.give_up(error)

    def see_time_move(self) -> None:
        """Let the waits end whose time has come, one after the other, and let happen what comes of each."""
        if self.is_stopped or not self.is_alive:
            self._missed_time = True
            return
        try:
            due = 1
            while due > 0:
                due = self._waits_due() - 1 if self.is_ours else 0
                self._let_all_pass()
        except ProgramError as error:
            self.give_up(error)

    # What is done to it.

    def go_on(self) -> None:
        """Let it go on after :meth:`stop`, and see how time has moved meanwhile."""
        super().go_on()
        if self._missed_time:
            self._missed_time = False
            self.see_time_move()

    def give_up(self, error: ProgramError) -> None:
        """End the schedule, whatever the subject makes of the error, and the program."""
        if self.process is not None:
            self.process.refused = f"the subject {error}"
        self.kill()

    def kill(self) -> None:
        """Kill it and all that it has started, with SIGKILL; its connections end. May be called twice."""
        self.is_usable = False
        if self.is_alive:
            super().kill()
            self._lines.close()
            self.doorway.close()

    # How it is.

    @property
    def is_lively(self) -> bool:
        """Whether something in it may do more than it is asked for: another thread, a task on an event loop."""
        return self._has_loop or not self.is_ours or self._has_threads

    # Within.

    @property
    def _has_threads(self) -> bool:
        """Whether our host has threads besides the one that was asked; their order would be a matter of chance."""
        return self.is_ours and self.threads > 1

    def _waits_due(self) -> int:
        """Let one wait end whose time has come; return how many such waits there were."""
        self.signal(TIME_MOVED)
        deadline_ns = clock.elapsed_ns() + int(_BUSY_S * 1e9)
        try:
            while True:
                has_slept = self.is_asleep()
                self._feed()
                if (message := self._lines.take("moved")) is not None:
                    break
                if has_slept:
                    # It came just before a system call, which it did not interrupt: Python has not acted on it.
                    self.signal(TIME_MOVED)
                self._wait_a_moment(deadline_ns)
        except LinesError as error:
            raise self._ended(error) from error
        due: int = message["due"]
        return due

    def _let_all_pass(self) -> None:
        self.doorway.drop_stale()
        deadline_ns = clock.elapsed_ns() + int((_BUSY_S if self.is_ours else _SETTLE_S) * 1e9)
        for _ in range(_MOST_ASIDE):
            while not self.is_asleep():
                if not self.is_ours and clock.elapsed_ns() > deadline_ns:
                    return
                self._wait_a_moment(deadline_ns)
            ready = [each for each in self._poller.poll(0) if each[0] != self._lines.incoming]
            if not ready:
                self._refuse_real_time()
                return
            self._serve(self._first_of(ready))
        raise ProgramError(f"sends {_MOST_ASIDE} commands in a row while its process is held")

    def _sign(self) -> list[tuple[int, int]]:
        """Return what comes within the program's patience, while other schedules go on."""
        process = running()
        until_ns = clock.elapsed_ns() + self._patience_ms * 1_000_000
        while process is not None and process.lets_others_work(self._poller.fileno()):
            ready = self._poller.poll(0)
            if ready or clock.elapsed_ns() > until_ns:
                return ready
        return self._poller.poll(max(0, until_ns - clock.elapsed_ns()) / 1e9)

    def _all_asked(self, ready: list[tuple[int, int]], deadline_ns: int) -> list[tuple[int, int]]:
        """Return what waits once the program waits too, where it asks several servers or has several threads.

        They ask at the same time. Which one is first there is no decision of the schedule.
        """
        if not self.doorway.leads_to_several and not self._has_threads:
            return ready
        while not self.is_asleep():
            self._wait_a_moment(deadline_ns)
        self._refuse_real_time()
        return self._first_of(self._poller.poll(0))

    def _refuse_real_time(self) -> None:
        """Raise where a thread wakes by itself sooner or later: what it does then would be a matter of chance."""
        call = timed_wait_of(self.pid) if self._has_threads else ""
        if call:
            raise ProgramError(
                f"has threads, and one waits with a limit in real time ({call}); the proxy gate cannot hold that, "
                "but sleeps, and the limits of conditions, events, queues and joins"
            )

    def _first_of(self, ready: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return the one of what waits that is served first; what it does then may change what else there is."""
        ways = dict(ready)
        return [(each, ways[each]) for each in self.doorway.in_order(list(ways))[:1]]

    def _serve(self, ready: list[tuple[int, int]]) -> None:
        """Do what waits: connections before lines, because a program sends before it says that it waits."""
        descriptors = [descriptor for descriptor, _ in ready]
        if self.process is None:
            raise TypeError("a program that belongs to no process is served")
        try:
            for descriptor in descriptors:
                if descriptor != self._lines.incoming:
                    limited = self.doorway.serve(descriptor, self.process.store.pools)
                    if limited is not None:
                        self._reach_limit(limited)
            if self._lines.incoming in descriptors:
                # It may have been read while a command was held.
                self._feed()
        except LinesError as error:
            raise self._ended(error) from error
        except TooManyConnectionsError as error:
            raise ProgramError(str(error)) from error

    def _feed(self) -> None:
        """Read what the program has said, if it has."""
        if any(descriptor == self._lines.incoming for descriptor, _ in self._poller.poll(0)):
            self._lines.feed()

    def _ended(self, error: LinesError) -> ProgramError:
        said = ""
        with suppress(OSError):
            said = self._log.read_text("utf-8", "replace").strip()[-_WORDS:]
        return ProgramError(f"{error}; it said: {said}" if said else str(error))

    def _wait_a_moment(self, deadline_ns: int, *, is_short: bool = True) -> None:
        stop_if_asked()
        if clock.elapsed_ns() > deadline_ns:
            raise ProgramError(f"has computed for {_BUSY_S:g} s without doing anything that the gate sees")
        if is_short:
            clock.pause_s(_A_MOMENT_S)

    def _reach_limit(self, connection: Connection) -> None:
        """Let the time limit of the client's read end; where there is none that we can reach, cut the connection."""
        while self.is_ours and not self.is_asleep():
            clock.pause_s(_A_MOMENT_S)
        self._feed()
        self._limited = connection
        if self._lines.take("idle") is not None:
            self.say(do="limit")
        elif self.is_ours and self.threads == 1:
            self.signal(LIMIT_REACHED)
        else:
            # A signal reaches the main thread, which need not be the one that reads.
            self._limit_answered({"raised": False})

    def _limit_answered(self, message: dict[str, Any]) -> None:
        limited, self._limited = self._limited, None
        if limited is not None and not message["raised"]:
            self.doorway.close_connection(limited)
