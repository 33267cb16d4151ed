"""The proxy gate: each process of a schedule is a process of the operating system, and finds Redis through the gate.

Whatever client the guard uses: its bytes are cut into steps, and no step reaches the server before it is chosen. A
crash is a SIGKILL, a pause a SIGSTOP. Wall clocks are libfaketime's; the Python host keeps monotonic clocks, sleeps
waits and time limits in step with them. What the threads and tasks behind a held process send is let through at once.
Their waits end when time jumps, one after the other, and never while anything else goes on in their process.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from harness.errors import CouldNotRunError
from harness.explorer.gate.client_clocks import ClientClocks
from harness.explorer.proxy.program import ProgramError
from harness.explorer.proxy.remote_guard import RemoteGuard, prepare_in
from harness.explorer.proxy.supply import Forker, Spawner, Supply, python_argv
from harness.explorer.world.process import running
from harness.explorer.world.setting import LEASE_S
from harness.processes.faked_clock import FakedClock, find_library
from harness.processes.family import MARK, end_marked
from harness.processes.folder import make_folder, remove_folder
from harness.subjects.box import BOX
from harness.subjects.contract import ElsewhereError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from harness.explorer.gate.commands import CommandTable
    from harness.explorer.hosting import Hosting
    from harness.explorer.proxy.program import Program
    from harness.explorer.proxy.supply import Starter
    from harness.explorer.target import Target
    from harness.explorer.world.store import Store
    from harness.subjects.contract import Guard, Make, Subject

_LEGS = 4
"""A jump goes in so many legs where something may wake on the way: a renewal, for one, comes in the middle of a
lease."""
_COHORT = 8
_COHORT_OF_STRANGERS = 4
"""Schedules that run side by side: fewer where each program has its memory to itself."""


class ProgramSeats:
    """Programs for the processes of one schedule; no two of them ever share one."""

    def __init__(self, supply: Supply, url: str, *, fresh: bool, keeps_guards: bool) -> None:
        self._supply = supply
        self._url = url
        self._fresh = fresh
        self._keeps_guards = keeps_guards
        self._taken: list[Program] = []
        self._given_back: set[Guard] = set()
        self._guards: dict[Program, RemoteGuard] = {}

    def take(self, _process: str) -> tuple[Make, Guard | None]:
        """Return what makes a guard in a program of its own, and the guard that is in it already, if there is one."""
        program = self._supply.hire(fresh=self._fresh)
        program.process = process = running()
        if process is not None:
            process.program = program
        self._taken.append(program)

        def make(_url: str, lease_s: float) -> Guard:
            guard = RemoteGuard.made_in(program, program.doorway.url(self._url), lease_s)
            self._guards[program] = guard
            return guard

        if not program.has_guard or not self._keeps_guards:
            return make, None
        self._guards[program] = RemoteGuard(program)
        return make, self._guards[program]

    def give_back(self, _process: str, _make: Make, guard: Guard) -> None:
        """Note that a guard has answered normally."""
        self._given_back.add(guard)

    def world_ended(self) -> None:
        """Release the programs."""
        for program in self._taken:
            keeps = self._keeps_guards and self._guards.get(program) in self._given_back
            self._supply.release(program, keeps_guard=keeps)
        self._taken.clear()


class ProxyGate:
    """The gate of one subject on one server.

    Attributes:
        cohort: Schedules that run side by side.
    """

    def __init__(
        self, subject: Subject, hosting: Hosting, table: CommandTable, target: Target, cores: Collection[int] = ()
    ) -> None:
        """Describe the gate; its programs use *cores*, or where there are none those that we use."""
        self.cohort = _COHORT_OF_STRANGERS if hosting.command else _COHORT
        self._subject = subject
        self._hosting = hosting
        self._table = table
        self._target = target
        self._cores = cores
        self._clocks = ClientClocks()
        self._faked: FakedClock | None = None

    @contextmanager
    def installed(self) -> Iterator[ProxyGate]:
        """Start what starts programs; afterwards none is left."""
        with ExitStack() as stack:
            folder = make_folder()
            stack.callback(remove_folder, folder)
            self._clocks.install(stack)
            # Whoever has left the family of its program is found by what it has inherited.
            stack.callback(end_marked, str(folder))
            log = folder / "programs.log"
            starter = self._starter(log, self._environment(stack, folder))
            self._supply = Supply(
                starter,
                self._table,
                log,
                is_ours=not self._hosting.command,
                keeps=self._subject.is_boxed,
                masters=self._subject.masters,
            )
            stack.callback(self._supply.close)
            yield self

    @property
    def reuses(self) -> bool:
        """Whether what has served one schedule may serve another."""
        return self._subject.reusable or self._subject.is_boxed

    def seats(self, *, keeps_guards: bool, fresh: bool = False) -> ProgramSeats:
        """Return the seats of one schedule.

        Args:
            keeps_guards: Whether a guard that has served another schedule may serve this one.
            fresh: Whether even the programs must never have served another.
        """
        # A program says with the same word that it can be asked for another guard.
        keeps_guards = keeps_guards and self._subject.reusable and not self._hosting.command
        return ProgramSeats(self._supply, self._target.url, fresh=fresh, keeps_guards=keeps_guards)

    def prepare(self, _store: Store) -> None:
        """Let the subject prepare the store, in a program of its own."""
        program = self._supply.hire(fresh=True)
        program.process = running()
        try:
            prepare_in(program, program.doorway.url(self._target.url), LEASE_S)
        except ProgramError as error:
            raise CouldNotRunError(f"the subject {error}") from error
        except ElsewhereError as error:
            raise CouldNotRunError(f"the subject raised {error.name} when it was asked for a guard") from error
        finally:
            self._supply.release(program, keeps_guard=False)

    def legs(self, seconds: float) -> list[float]:
        """Return how a jump of time is taken."""
        lively = any(program.is_lively for program in self._supply.living)
        return [seconds / _LEGS] * _LEGS if lively else [seconds]

    def come_to_rest(self) -> None:
        """Let programs do what they have begun, before time moves."""
        for program in self._lively():
            program.come_to_rest()

    def advance(self, seconds: float) -> None:
        """Move every clock of every program."""
        self._clocks.advance(seconds)
        if self._faked is not None:
            self._faked.move_to(self._faked.offset_us + round(seconds * 1e6))

    def settle(self) -> None:
        """Let programs see that time has moved, and what they want to do then pass."""
        for program in self._lively():
            program.see_time_move()

    # Within.

    def _lively(self) -> list[Program]:
        """Return the programs that may do more than they are asked for, always in one order."""
        named = [(each.process.name, each) for each in self._supply.living if each.process and each.is_lively]
        return [program for _, program in sorted(named, key=lambda each: each[0])]

    def _environment(self, stack: ExitStack, folder: Path) -> dict[str, str]:
        environment = os.environ | {MARK: str(folder)}
        if not self._hosting.python and not self._hosting.command:
            # Our own interpreter finds the same modules as this process does.
            environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        library = find_library() if self._target.has_clock else None
        if library is None:
            return environment
        self._faked = FakedClock(library, folder, fakes_monotonic=bool(self._hosting.command))
        stack.callback(self._faked.close)
        return self._faked.environment(environment)

    def _starter(self, log: Path, environment: dict[str, str]) -> Starter:
        if self._hosting.command:
            return Spawner(self._hosting.command, log=log, env=environment, is_ours=False, cores=self._cores)
        boxed = BOX.get(self._subject.name)
        packages = boxed.peer.modules if boxed is not None and boxed.peer is not None else ()
        again = self._subject.is_boxed
        argv = python_argv(self._hosting.python, self._subject.place, again=again, packages=packages)
        forker = Forker(argv, log=log, env=environment, cores=self._cores)
        if forker.can_fork:
            return forker
        forker.close()
        return Spawner(argv, log=log, env=environment, is_ours=True, cores=self._cores)
