"""What must stand before a schedule can run: wires, the gate, the prepared store."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol, Self

import greenlet

from harness.errors import CouldNotRunError, HarnessError
from harness.explorer.collecting import Collecting
from harness.explorer.gate.commands import CommandTable
from harness.explorer.gate.greenlet_gate import GreenletGate
from harness.explorer.gate.placement import on_one_core
from harness.explorer.gate.wire import WirePool
from harness.explorer.hosting import GREENLETS, PROXY, Hosting
from harness.explorer.masters import OtherMasters
from harness.explorer.private_store import PrivateStore
from harness.explorer.proxy.proxy_gate import ProxyGate
from harness.explorer.world.process import Process
from harness.explorer.world.steps import Bytes, CommandStep, Woken
from harness.explorer.world.store import Store
from harness.faults.registry import ALL, loses_store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from harness.explorer.search.tree import Unit
    from harness.explorer.target import Target
    from harness.explorer.world.seats import Seats
    from harness.faults.kind import FaultKind
    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Subject


class Gate(Protocol):
    """What holds the processes of a subject."""

    cohort: int

    @property
    def reuses(self) -> bool:
        """Whether what has served one schedule may serve another."""

    def seats(self, *, keeps_guards: bool, fresh: bool = False) -> Seats:
        """Return the seats of one schedule."""

    def prepare(self, store: Store) -> None:
        """Let the subject prepare the store; called within a process."""

    def legs(self, seconds: float) -> Iterable[float]:
        """Return how a jump of time is taken."""

    def come_to_rest(self) -> None:
        """Wait until nothing goes on behind a held process."""

    def advance(self, seconds: float) -> None:
        """Move the clocks of the subject's processes."""

    def settle(self) -> None:
        """Let happen what the subject's processes do by themselves when time has moved."""


class Rig:
    """The installed gate of one subject on one server; as a context manager, it leaves nothing behind.

    Attributes:
        store: The server that schedules share.
        gate: What holds the subject's processes.
        collecting: What frees the memory of schedules that are over.
        now_s: How far time has jumped.
    """

    def __init__(self, target: Target, subject: Subject, hosting: Hosting = GREENLETS, *, alone: bool = True) -> None:
        """Describe the rig; nothing is taken over before it is entered.

        Args:
            target: The server.
            subject: Whose guards are run.
            hosting: How.
            alone: Whether this is the only process of its exploration.
        """
        self._alone = alone
        self._target = target
        self._subject = subject
        self._hosting = hosting
        self._stack = ExitStack()
        self._idle: list[PrivateStore] = []
        self._lent: list[PrivateStore] = []
        self.collecting = Collecting()
        self.now_s = target.moved_s

    def __enter__(self) -> Self:
        """Connect, install the gate, let the subject prepare the store."""
        with self._stack, self._target.client() as client:
            table = CommandTable.ask(client)
            others = self._stack.enter_context(on_one_core(self._target.pid, alone=self._alone))
            pool = WirePool.to(self._target.url, is_ours=self._target.is_ours)
            self._stack.callback(pool.close)
            self._masters = self._stack.enter_context(OtherMasters(self._target, self._subject.masters - 1))
            for server in self._masters.servers:
                self.keep_near(server)
            self.store = Store(self, self._target, pool, self._masters.pools)
            self.gate: Gate = self._stack.enter_context(self._gate_with(table, others))
            # Somebody who used the server before may have moved its clock; clients must not live in its past.
            self.gate.advance(self.now_s)
            self._masters.move_clock(self.now_s)
            self.prepare(self.store)
            self._stack.callback(self.collecting.close)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def jump(self, seconds: float) -> None:
        """Move time for every client and for every server in use."""
        self.gate.come_to_rest()
        for leg_s in self.gate.legs(seconds):
            self.now_s += leg_s
            self.gate.advance(leg_s)
            for store in self._lent or (self.store,):
                store.move_clock()
            self._masters.move_clock(self.now_s)
            self.gate.settle()

    def start_afresh(self) -> None:
        """Empty the server and let the subject prepare it again."""
        self._target.clear()
        self._masters.clear()
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

    def _gate_with(self, table: CommandTable, others: frozenset[int]) -> AbstractContextManager[Gate]:
        if self._hosting.gate == PROXY:
            return ProxyGate(self._subject, self._hosting, table, self._target, others).installed()
        if self._subject.masters > 1:
            raise CouldNotRunError(f"{self._subject.name} asks several masters; expected --gate proxy")
        return GreenletGate(self._subject, table).installed()

    def _prepare(self, store: Store) -> None:
        try:
            self.gate.prepare(store)
        except HarnessError:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            raise CouldNotRunError(f"the subject {self._subject.name} raised in its prepare: {said}") from error

    def _new_store(self) -> PrivateStore:
        store = PrivateStore(self, self._target.binary, has_clock=self._target.has_clock)
        self._stack.callback(store.close)
        return store

    def prepare(self, store: Store) -> None:
        """Let the subject prepare a store, behind the gate, so that its keys are known too.

        Raises:
            CouldNotRunError: It raised.
        """
        preparing = Process("prepare", lambda: self._prepare(store), greenlet.getcurrent(), store)
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
