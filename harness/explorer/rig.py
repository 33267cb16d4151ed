"""What must stand before a schedule can run: wires, the gate, the prepared store."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

import greenlet

from harness.explorer.gate.commands import CommandTable
from harness.explorer.gate.greenlet_gate import GreenletGate
from harness.explorer.gate.placement import on_one_core
from harness.explorer.gate.wire import WirePool
from harness.explorer.private_store import PrivateStore
from harness.explorer.world.process import Process
from harness.explorer.world.steps import Bytes, CommandStep, Woken
from harness.explorer.world.store import Store
from harness.faults.registry import ALL, loses_store

if TYPE_CHECKING:
    from harness.explorer.search.tree import Unit
    from harness.explorer.target import Target
    from harness.faults.kind import FaultKind
    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Subject


class Rig:
    """The installed gate of one subject on one server; as a context manager, it leaves nothing behind.

    Attributes:
        store: The server that schedules share.
        now_s: How far time has jumped.
    """

    def __init__(self, target: Target, subject: Subject, *, place: int | None = None) -> None:
        """Describe the rig; nothing is taken over before it is entered.

        Args:
            target: The server.
            subject: Whose guards are run.
            place: Which of several processes of an exploration this is; None: the only one.
        """
        self._place = place
        self._target = target
        self._subject = subject
        self._stack = ExitStack()
        self._idle: list[PrivateStore] = []
        self._lent: list[PrivateStore] = []
        self.now_s = 0.0

    def __enter__(self) -> Self:
        """Connect, install the gate, let the subject prepare the store."""
        with self._stack, self._target.client() as client:
            table = CommandTable.ask(client)
            self._stack.enter_context(on_one_core(self._target.pid, self._place))
            pool = WirePool.to(self._target.url)
            self._stack.callback(pool.close)
            self.store = Store(self, self._target, pool)
            self._gate = self._stack.enter_context(GreenletGate(table).installed())
            self.prepare(self.store)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def jump(self, seconds: float) -> None:
        """Move time for every client and for every server in use."""
        self.now_s += seconds
        self._gate.clocks.advance(seconds)
        for store in self._lent or (self.store,):
            store.move_clock()

    def start_afresh(self) -> None:
        """Empty the server and let the subject prepare it again."""
        self._target.clear()
        self.prepare(self.store)

    # Stores that a schedule has to itself.

    def store_for(self, unit: Unit) -> Store:
        """Return the store for a schedule: the shared one, unless the schedule loses it."""
        losses = losses_of(unit)
        if not losses:
            return self.store
        store = self._idle.pop() if self._idle else self._new_store()
        store.expect(losses)
        self._lent.append(store)
        return store

    def take_back(self, store: Store) -> None:
        """Keep a store for another schedule; the shared one catches up with the time when no other is in use."""
        if isinstance(store, PrivateStore):
            self._lent.remove(store)
            self._idle.append(store)
            if not self._lent:
                self.store.move_clock()

    def keep_near(self, server: RedisServer) -> None:
        """Keep a server on our processor core."""
        os.sched_setaffinity(server.pid, os.sched_getaffinity(0))

    def _new_store(self) -> PrivateStore:
        store = PrivateStore(self, self._target.binary, has_clock=self._target.has_clock)
        self._stack.callback(store.close)
        return store

    def prepare(self, store: Store) -> None:
        """Let the subject prepare a store, behind the gate, so that its keys are known too."""
        preparing = Process("prepare", lambda: self._subject.prepare(store.url), greenlet.getcurrent(), store)
        preparing.go_on(None)
        while (step := preparing.step) is not None:
            if isinstance(step, CommandStep) and preparing.link is not None:
                store.named(step.keys or ())
                preparing.go_on(Bytes(preparing.link.exchange(step)[0]))
            else:
                preparing.go_on(Woken())
        store.prepared()


def losses_of(unit: Unit) -> list[FaultKind]:
    """Return how a schedule loses its store, in order."""
    return [ALL[decision] for decision in unit.prefix if loses_store(decision)]
