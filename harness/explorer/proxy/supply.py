"""Where programs come from: forked by a Python process that has loaded the subject's packages, or started each."""

from __future__ import annotations

import array
import json
import os
import socket
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness import clock
from harness.errors import CouldNotRunError, WrongInputError
from harness.explorer.proxy.lines import Lines
from harness.explorer.proxy.program import Program
from harness.interruption import stop_if_asked
from harness.processes.child import spawn, wait_until_gone

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Collection, Mapping, Sequence

    from harness.explorer.gate.commands import CommandTable

HOST = Path(__file__).resolve().parents[2] / "hosts" / "stormproof_host"
_SPARE = 2
"""Processes that are forked before anybody asks for them."""
_IMPORT_S = 60.0
_TICK_S = 0.1
_WORDS = 300


class Starter(Protocol):
    """Starts processes that run the subject."""

    def start(self) -> tuple[int, Lines]:
        """Start one; return its process id and the lines to it."""

    def close(self) -> None:
        """End what belongs to it."""


class Supply:
    """Programs of one subject: those that wait to be asked first, else new ones."""

    def __init__(
        self, starter: Starter, table: CommandTable, log: Path, *, is_ours: bool, keeps: bool, masters: int = 1
    ) -> None:
        """Hand out what *starter* starts.

        Args:
            starter: Starts processes.
            table: The server's commands.
            log: Where the programs' stderr goes.
            is_ours: Whether our Python host runs in them.
            keeps: Whether another guard may be made in a program that has served one.
            masters: How many servers each program asks.
        """
        self._masters = masters
        self._starter = starter
        self._table = table
        self._log = log
        self._is_ours = is_ours
        self._keeps = keeps
        self._idle: list[Program] = []
        self._all: set[Program] = set()

    def hire(self, *, fresh: bool = False) -> Program:
        """Return a program that waits to be asked.

        Args:
            fresh: Whether it must never have served anybody.

        Raises:
            CouldNotRunError: None can be started.
        """
        if self._idle and not fresh:
            return self._idle.pop()
        pid, lines = self._starter.start()
        program = Program(pid, lines, self._table, self._log, is_ours=self._is_ours, masters=self._masters)
        self._all.add(program)
        return program

    def release(self, program: Program, *, keeps_guard: bool) -> None:
        """Take a program back when the schedule that it served is over; it is killed where it can serve no other.

        Args:
            program: The program.
            keeps_guard: Whether the guard in it may serve another schedule.
        """
        program.process = None
        may_stay = keeps_guard or self._keeps or program.is_reusable
        if program.is_usable and may_stay and not (program.is_ours and program.is_lively):
            if not keeps_guard:
                program.has_guard = False
                program.doorway.close_connections()
            self._idle.append(program)
        else:
            program.kill()
            self._all.discard(program)

    @property
    def living(self) -> list[Program]:
        """The programs that nobody has killed."""
        return [program for program in self._all if program.is_alive]

    def close(self) -> None:
        """Kill every program and see it go."""
        for program in self._all:
            program.kill()
        self._starter.close()
        for program in self._all:
            wait_until_gone(program.pid)
        self._all.clear()
        self._idle.clear()


class Forker:
    """Lets a Python process that has loaded the subject's packages fork others.

    Attributes:
        said: What the subject says of itself.
        can_fork: Whether it has but one thread; others would be missing in what it forks.
    """

    def __init__(
        self, argv: Sequence[str], *, log: Path, env: Mapping[str, str], cores: Collection[int] = ()
    ) -> None:
        """Start it, and let it and what it forks use *cores*; without any, those that we use.

        Raises:
            CouldNotRunError: The interpreter cannot be run.
            WrongInputError: The subject cannot be loaded.
        """
        self._control, theirs = socket.socketpair()
        with theirs:
            argv = [*argv, "--forks", str(theirs.fileno())]
            try:
                self._process = _started(argv, cores, log=log, env=env, pass_fds=(theirs.fileno(),))
            except WrongInputError:
                self._control.close()
                raise
        self._coming: deque[socket.socket] = deque()
        try:
            told = self._hear_what_it_is(log)
        except BaseException:
            self.close()
            raise
        self.said: dict[str, Any] = told["said"]
        self.can_fork: bool = told["threads"] == 1

    def start(self) -> tuple[int, Lines]:
        """Return a forked process, and order the next ones."""
        try:
            while len(self._coming) <= _SPARE:
                self._order()
            number = self._control.recv(4)
        except OSError:
            number = b""
        if not number:
            raise CouldNotRunError("the process that forks the subject's processes has died")
        descriptor = self._coming.popleft().detach()
        return int.from_bytes(number, "big"), Lines(descriptor, descriptor, trusts=True)

    def close(self) -> None:
        """End it; what it has forked ahead ends with its lines."""
        for ours in self._coming:
            ours.close()
        self._control.close()
        if not wait_until_gone(self._process.pid, deadline_s=5.0):
            self._process.kill()
        self._process.wait()

    # Within.

    def _order(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            rights = array.array("i", [theirs.fileno()])
            self._control.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        self._coming.append(ours)

    def _hear_what_it_is(self, log: Path) -> dict[str, Any]:
        deadline_ns = clock.elapsed_ns() + int(_IMPORT_S * 1e9)
        self._control.settimeout(_TICK_S)
        line = b""
        while not line.endswith(b"\n"):
            stop_if_asked()
            if clock.elapsed_ns() > deadline_ns:
                raise WrongInputError(f"the subject cannot be loaded: its import took more than {_IMPORT_S:g} s")
            with suppress(TimeoutError):
                part = self._control.recv(65536)
                if not part:
                    said = log.read_text("utf-8", "replace").strip()[-_WORDS:] or "it said nothing"
                    raise WrongInputError(f"the subject cannot be loaded: its interpreter ended: {said}")
                line += part
        self._control.settimeout(None)
        told: dict[str, Any] = json.loads(line)
        if "broken" in told:
            raise WrongInputError(f"the subject cannot be loaded: {told['broken']}")
        return told


class Spawner:
    """Starts each process for itself."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str],
        is_ours: bool,
        cores: Collection[int] = (),
    ) -> None:
        self._argv = argv
        self._cores = cores
        self._log = log
        self._env = env
        self._is_ours = is_ours
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> tuple[int, Lines]:
        """Start one.

        Raises:
            CouldNotRunError: It cannot be executed.
        """
        self._processes = [each for each in self._processes if each.poll() is None]
        to_read, incoming = os.pipe()
        outgoing, to_write = os.pipe()
        try:
            process = _started(self._argv, self._cores, log=self._log, env=self._env, stdin=to_read, stdout=to_write)
        except WrongInputError:
            os.close(incoming)
            os.close(outgoing)
            raise
        finally:
            os.close(to_read)
            os.close(to_write)
        self._processes.append(process)
        return process.pid, Lines(outgoing, incoming, trusts=self._is_ours)

    def close(self) -> None:
        """Reap what was killed."""
        for process in self._processes:
            process.kill()
            process.wait()


def _started(argv: Sequence[str], cores: Collection[int], **how: Any) -> subprocess.Popen[bytes]:
    try:
        process = spawn(argv, **how)
    except OSError as error:
        raise WrongInputError(f"cannot run {argv[0]}: {error.strerror}") from error
    if cores:
        # One that has ended already has no need of them.
        with suppress(ProcessLookupError):
            os.sched_setaffinity(process.pid, cores)
    return process


def python_argv(python: str, place: str, *, again: bool, packages: Sequence[str] = ()) -> list[str]:
    """Return how our host is run in an interpreter; an empty *python* means ours.

    Args:
        python: The interpreter.
        place: Where the subject is.
        again: Whether one process may execute its module several times.
        packages: What it imports when it is asked for a guard: whoever forks loads it before.
    """
    loaded = ["--packages", ",".join(packages)] if packages else []
    return [python or sys.executable, str(HOST), place, *(["--again"] if again else []), *loaded]
