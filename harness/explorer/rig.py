"""What must stand before a schedule can run: wires, the gate, the prepared store."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

import greenlet

from harness.explorer.commands import CommandTable
from harness.explorer.greenlet_gate import GreenletGate
from harness.explorer.placement import on_one_core
from harness.explorer.process import Process
from harness.explorer.steps import Bytes, CommandStep, Woken
from harness.explorer.wire import WirePool

if TYPE_CHECKING:
    from harness.explorer.target import Target
    from harness.subjects.contract import Subject


class Rig:
    """The installed gate of one subject on one server; as a context manager, it leaves nothing behind."""

    no_clock = "the server's clock is not ours to move (use the extra `clock` and --redis embedded)"

    def __init__(self, target: Target, subject: Subject) -> None:
        self._target = target
        self._subject = subject
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Connect, install the gate, let the subject prepare the store."""
        with self._stack, self._target.client() as client:
            table = CommandTable.ask(client)
            self._stack.enter_context(on_one_core(self._target.pid))
            self.pool = WirePool(_address(self._target.url))
            self._stack.callback(self.pool.close)
            self._gate = self._stack.enter_context(GreenletGate(self.pool, table).installed())
            self.prepare()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def jump(self, seconds: float) -> None:
        """Move time for the server and for every client."""
        self._target.advance(seconds)
        self._gate.clocks.advance(seconds)

    def prepare(self) -> None:
        """Let the subject prepare the store, behind the gate, so that its keys are known too."""
        preparing = Process("prepare", lambda: self._subject.prepare(self._target.url), greenlet.getcurrent())
        preparing.go_on(None)
        while (step := preparing.step) is not None:
            if isinstance(step, CommandStep) and preparing.link is not None:
                if self._target.keys is not None:
                    self._target.keys.update(step.keys)
                preparing.go_on(Bytes(preparing.link.exchange(step)[0]))
            else:
                preparing.go_on(Woken())


def _address(url: str) -> str | tuple[str, int]:
    scheme, _, rest = url.partition("://")
    if scheme == "unix":
        return rest.partition("?")[0]
    host, _, port = rest.rpartition("@")[2].partition("/")[0].partition(":")
    return (host, int(port or 6379))
