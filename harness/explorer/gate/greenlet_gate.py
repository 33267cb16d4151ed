"""The greenlet gate: redis-py's connections, sleeps and clocks, taken over while an exploration runs.

Wherever the subject makes its client, the connection it opens is ours: ``Connection._connect`` and its unix twin are
replaced, nothing else of redis-py is. Sleeps bring the process to the gate. Clocks follow the virtual time of the
exploration. Everything is put back at the end; nothing outside gated processes notices.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import redis.connection
import redis.utils

from harness.errors import CouldNotRunError
from harness.explorer.gate.gate_socket import GateSocket
from harness.explorer.world.process import running
from harness.explorer.world.steps import Bytes, CommandStep, Cut, SleepStep, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.explorer.gate.commands import CommandTable
    from harness.explorer.gate.link import Link
    from harness.explorer.gate.wire import Address


class UngateableError(CouldNotRunError):
    """The subject does what the greenlet gate cannot hold."""


class ClientClocks:
    """The clocks that subjects read: the machine's own, moved by what the exploration advanced."""

    def __init__(self) -> None:
        self.moved_s = 0.0
        self._traveller: Any = None

    def install(self, stack: ExitStack) -> None:
        """Take over the clocks until *stack* unwinds; wall clocks only where time-machine is installed."""
        if importlib.util.find_spec("time_machine") is not None:
            import time_machine  # noqa: PLC0415 - the optional extra `clock`

            travel = time_machine.travel(time.time(), tick=True)
            self._traveller = travel.start()
            stack.callback(travel.stop)
        monotonic, monotonic_ns = time.monotonic, time.monotonic_ns
        _replace(stack, monotonic, lambda: monotonic() + self.moved_s)
        _replace(stack, monotonic_ns, lambda: monotonic_ns() + int(self.moved_s * 1e9))

    def advance(self, seconds: float) -> None:
        """Move every clock of every gated process forward."""
        self.moved_s += seconds
        if self._traveller is not None:
            self._traveller.shift(seconds)


class GreenletGate:
    """Brings what gated processes do to the gate. One at a time per interpreter."""

    def __init__(self, table: CommandTable) -> None:
        self._table = table
        self.clocks = ClientClocks()

    @contextmanager
    def installed(self) -> Iterator[GreenletGate]:
        """Take over connections, sleeps and clocks for the length of the block."""
        with ExitStack() as stack:
            self.clocks.install(stack)
            _replace(stack, time.sleep, self._sleeper(time.sleep))
            for kind in (redis.connection.Connection, redis.connection.UnixDomainSocketConnection):
                self._take_over(stack, kind)
            _remember_versions(stack)
            yield self

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

    def refuse(self, reason: str) -> None:
        """End the schedule: the subject does what this gate cannot hold."""
        process = running()
        if process is not None:
            # The subject may catch what is raised here; the schedule ends all the same.
            process.refused = f"the subject {reason}; the greenlet gate cannot hold that"
        raise UngateableError(f"the subject {reason}; the greenlet gate cannot hold that")


def _remember_versions(stack: ExitStack) -> None:
    """Let redis-py look its own version up once: it parses package metadata for every connection it makes."""
    ordinary = getattr(redis.utils, "get_lib_version", None)
    if ordinary is not None:
        redis.utils.get_lib_version = functools.cache(ordinary)
        stack.callback(setattr, redis.utils, "get_lib_version", ordinary)


def _replace(stack: ExitStack, ordinary: Any, ours: Any) -> None:
    """Put *ours* wherever a loaded module outside the standard library holds the function *ordinary*."""
    for name, module in list(sys.modules.items()):
        root = name.partition(".")[0]
        if name != "time" and (root in sys.stdlib_module_names or root == "harness"):
            continue
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            if value is ordinary:
                setattr(module, attribute, ours)
                stack.callback(setattr, module, attribute, ordinary)
