"""The greenlet gate: redis-py's connections, sleeps and clocks, taken over while an exploration runs.

Wherever the subject makes its client, the connection it opens is ours: ``Connection._connect`` and its unix twin are
replaced; of what else redis-py does for every client, two things come to the same in less time. Sleeps bring the
process to the gate. Clocks follow the virtual time of the exploration. Everything is put back at the end; nothing
outside gated processes notices.
"""

from __future__ import annotations

import functools
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import redis.client
import redis.connection
import redis.utils

from harness.errors import CouldNotRunError
from harness.explorer.gate.client_clocks import ClientClocks, replace
from harness.explorer.gate.gate_socket import GateSocket
from harness.explorer.gate.shared_interpreter import SharedInterpreter
from harness.explorer.world.process import running
from harness.explorer.world.seats import FreshSeats, ReusedSeats
from harness.explorer.world.steps import Bytes, CommandStep, Cut, SleepStep, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.explorer.gate.commands import CommandTable
    from harness.explorer.gate.link import Link
    from harness.explorer.gate.wire import Address
    from harness.explorer.world.seats import Seats
    from harness.explorer.world.store import Store
    from harness.subjects.contract import Subject


class UngateableError(CouldNotRunError):
    """The subject does what the greenlet gate cannot hold."""


class GreenletGate:
    """Brings what gated processes do to the gate. One at a time per interpreter.

    Attributes:
        cohort: Schedules that run side by side.
        reuses: Whether a guard that has served one schedule may serve another.
        passes_messages: Nobody could hand a subscriber its messages: all share one thread.
    """

    cohort = 32
    passes_messages = False

    def __init__(self, subject: Subject, table: CommandTable) -> None:
        self.reuses = subject.reusable
        self._subject = subject
        self._table = table
        self._clocks = ClientClocks()
        self._shared: Seats = ReusedSeats(subject) if subject.reusable else FreshSeats(subject)

    @contextmanager
    def installed(self) -> Iterator[GreenletGate]:
        """Take over connections, sleeps and clocks for the length of the block."""
        with ExitStack() as stack:
            self._clocks.install(stack)
            SharedInterpreter(self.refuse).install(stack)
            replace(stack, time.sleep, self._sleeper(time.sleep))
            for kind in (redis.connection.Connection, redis.connection.UnixDomainSocketConnection):
                self._take_over(stack, kind)
            _spare_repetition(stack)
            yield self

    def seats(self, *, keeps_guards: bool, fresh: bool = False) -> Seats:
        """Return the seats of one schedule.

        Args:
            keeps_guards: Whether a guard that has served another schedule may serve this one.
            fresh: Whether nothing may that has served another.
        """
        return self._shared if keeps_guards and not fresh else FreshSeats(self._subject)

    def prepare(self, store: Store) -> None:
        """Let the subject prepare the store; called within a process."""
        self._subject.prepare(store.url)

    def legs(self, seconds: float) -> list[float]:
        """Return how a jump of time is taken: at once."""
        return [seconds]

    def advance(self, seconds: float) -> None:
        """Move every clock of every gated process forward."""
        self._clocks.advance(seconds)

    def come_to_rest(self) -> None:
        """Nothing goes on behind a held process."""

    def settle(self) -> None:
        """Nothing goes on behind a held process."""

    def _take_over(self, stack: ExitStack, kind: Any) -> None:
        ordinary = kind._connect  # noqa: SLF001 - the one place where redis-py opens a socket

        def connect(connection: Any) -> Any:
            process = running()
            if process is None:
                return ordinary(connection)
            self._check_address(connection, process.store.presented)
            return GateSocket(process.store.pool, self._table, self)

        kind._connect = connect  # noqa: SLF001
        stack.callback(setattr, kind, "_connect", ordinary)

    def _check_address(self, connection: Any, expected: Address) -> None:
        path = getattr(connection, "path", None)
        there = path or (connection.host, connection.port)
        if there != expected:
            self.refuse(f"connects to {there}, not to the Redis it was given")

    def _sleeper(self, ordinary: Callable[[float], None]) -> Callable[[float], None]:
        def sleep(seconds: float) -> None:
            process = running()
            if process is None:
                ordinary(seconds)
            else:
                process.wait(SleepStep(seconds=seconds))

        return sleep

    # The passage of every gate socket.

    def pass_command(self, step: CommandStep, link: Link) -> Bytes | Cut | TimedOut:
        """Hold the running process until the step is chosen, then say what came of it."""
        process = running()
        if process is None:
            # A client made by a process and used outside every process: its finaliser, for one.
            return Cut()
        came = process.wait_with(step, link)
        if not isinstance(came, (Bytes, Cut, TimedOut)):
            raise TypeError(f"a command came back as {came!r}")
        return came

    def rest(self) -> float:
        """Let others go on until one has moved; return how many seconds time has jumped meanwhile."""
        process = running()
        return process.rest() if process is not None else float("inf")

    def refuse(self, reason: str) -> None:
        """End the schedule: the subject does what this gate cannot hold."""
        process = running()
        if process is not None:
            # The subject may catch what is raised here; the schedule ends all the same.
            process.refused = f"the subject {reason}; the greenlet gate cannot hold that"
        raise UngateableError(f"the subject {reason}; the greenlet gate cannot hold that")


def _spare_repetition(stack: ExitStack) -> None:
    """Let redis-py come to the same in less time: what it does for every client and connection it makes.

    It looks its own version up in package metadata, and fills a table of its own name by name.
    """
    versions = getattr(redis.utils, "get_lib_version", None)
    if versions is not None:
        redis.utils.get_lib_version = functools.cache(versions)
        stack.callback(setattr, redis.utils, "get_lib_version", versions)
    table = getattr(redis.client, "CaseInsensitiveDict", None)
    if table is not None:
        stack.callback(setattr, table, "__init__", table.__init__)
        table.__init__ = _fill


def _fill(table: dict[str, Any], data: dict[str, Any]) -> None:
    dict.update(table, zip(map(str.upper, data), data.values(), strict=True))
