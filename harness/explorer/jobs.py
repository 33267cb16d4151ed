"""Several processes that run the schedules of one exploration, each with a server and a processor core of its own.

Which schedules are run, and in which order they count, is decided in one place; so many processes give what one
gives. A process that dies is replaced, and what it had not handed back is run again.
"""

from __future__ import annotations

import os
import socket
import sys
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from harness import clock
from harness.errors import CouldNotRunError, WrongInputError
from harness.explorer.outcome import heard
from harness.explorer.shorthand import Hearer, Speaker
from harness.interruption import stop_if_asked
from harness.processes.child import spawn, wait_until_gone
from harness.processes.folder import make_folder, remove_folder

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Mapping

    from harness.explorer.outcome import Outcome
    from harness.explorer.plan import Plan
    from harness.explorer.search.footprint import Footprint
    from harness.explorer.search.tree import Unit
    from harness.explorer.world.setting import Setting
    from harness.redis_server.choice import RedisChoice

MOST_JOBS = 64
_AHEAD = 48
"""Schedules that a process is given ahead, so that it never waits for more."""
_TICK_S = 0.1
_START_S = 60.0
_DEATHS = 8
"""Processes that may die before it is clear that the schedules kill them."""
_ROOT = Path(__file__).resolve().parents[2]


class Task(NamedTuple):
    """What a process is told first."""

    number: int
    plan: dict[str, Any]
    choice: RedisChoice


class Order(NamedTuple):
    """One schedule to run: its number, the pass it belongs to, and what :class:`Unit` says of it."""

    number: int
    setting: int
    prefix: tuple[str, ...]
    asleep: Mapping[str, Footprint]

    def said(self, speaker: Speaker) -> tuple[Any, ...]:
        """Return the order as plain values and numbers."""
        name = speaker.number
        asleep = [(name(option), name(touched)) for option, touched in self.asleep.items()]
        return self.number, self.setting, [name(decision) for decision in self.prefix], asleep

    @classmethod
    def heard(cls, told: tuple[Any, ...], hearer: Hearer) -> Order:
        """Return the order that :meth:`said` put into numbers."""
        number, setting, prefix, asleep = told
        value = hearer.value
        return cls(
            number, setting, tuple(map(value, prefix)), {value(option): value(seen) for option, seen in asleep}
        )


@dataclass(slots=True, eq=False)
class _Hand:
    """One process as it is seen from here."""

    number: int
    process: subprocess.Popen[bytes]
    link: Connection | None = None
    doing: dict[int, Order] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    speaker: Speaker = field(default_factory=Speaker)
    hearer: Hearer = field(default_factory=Hearer)

    def send_orders(self) -> None:
        """Send what was ordered since the last time."""
        if self.orders and self.link is not None:
            said = [order.said(self.speaker) for order in self.orders]
            self.orders = []
            self.link.send_bytes(self.speaker.message(said))


class Jobs:
    """Processes that run schedules. As a context manager it leaves none behind."""

    def __init__(self, plan: Plan, choice: RedisChoice, count: int) -> None:
        """Describe *count* processes that explore *plan* on servers of *choice*."""
        self._plan = plan
        self._choice = choice
        self._count = count
        self._hands: list[_Hand] = []
        self._again: deque[Order] = deque()
        self._units: dict[int, Unit] = {}
        self._numbered = 0
        self._deaths = 0

    def __enter__(self) -> Self:
        self._folder = make_folder()
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._door.bind(str(self._folder / "jobs"))
        self._door.listen()
        self._door.settimeout(_TICK_S)
        for number in range(self._count):
            self._hire(number)
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands:
            if hand.link is not None:
                hand.link.close()
        for hand in self._hands:
            # It ends when its link does, and takes its server and its keys with it.
            if not wait_until_gone(hand.process.pid, deadline_s=5.0):
                hand.process.kill()
            hand.process.wait()
        self._door.close()
        remove_folder(self._folder)

    def run(self, setting: Setting, next_unit: Callable[[], Unit | None]) -> Iterator[tuple[Unit | None, Outcome]]:
        """Run schedules as long as there are any; yield what came of each, with None for a second run of one.

        Raises:
            CouldNotRunError: A process cannot go on, or too many died.
            WrongInputError: The subject cannot be loaded or prepared.
        """
        at = self._plan.passes.index((setting.workload, setting.faults))
        while True:
            self._hand_out(at, next_unit)
            if not self._units and not self._again:
                return
            stop_if_asked()
            links = {hand.link: hand for hand in self._hands if hand.link is not None}
            for ready in wait(list(links), _TICK_S):
                for number, outcome in self._hear(links[ready]):  # type: ignore[index]  # only links were waited for
                    yield (None if number is None else self._units.pop(number)), outcome

    # Within.

    def _hire(self, number: int) -> None:
        argv = [sys.executable, "-P", "-m", "harness.explorer.job", str(self._folder / "jobs")]
        search = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        log = self._log_of(number)
        process = spawn(argv, log=log, env={**os.environ, "PYTHONPATH": search})
        hand = _Hand(number, process)
        self._hands.append(hand)
        hand.link = self._meet(hand, log)
        hand.link.send(Task(number, self._plan.to_object(), self._choice))

    def _log_of(self, number: int) -> Path:
        return self._folder / f"{number}.log"

    def _meet(self, hand: _Hand, log: Path) -> Connection:
        """Return the link to a process that was just started."""
        deadline_ns = clock.elapsed_ns() + int(_START_S * 1e9)
        while True:
            stop_if_asked()
            try:
                link, _ = self._door.accept()
            except TimeoutError:
                if hand.process.poll() is None and clock.elapsed_ns() < deadline_ns:
                    continue
                raise CouldNotRunError(f"a process of --jobs did not start: {_last_words(log)}") from None
            link.setblocking(True)
            return Connection(link.detach())

    def _hand_out(self, setting: int, next_unit: Callable[[], Unit | None]) -> None:
        """Give every process enough to do, the idlest first."""
        while True:
            hand = min(self._hands, key=lambda each: len(each.doing))
            order = None
            if len(hand.doing) < _AHEAD:
                order = self._again.popleft() if self._again else self._order(setting, next_unit())
            if order is None:
                break
            hand.doing[order.number] = order
            hand.orders.append(order)
        for hand in self._hands:
            hand.send_orders()

    def _order(self, setting: int, unit: Unit | None) -> Order | None:
        if unit is None:
            return None
        self._numbered += 1
        self._units[self._numbered] = unit
        return Order(self._numbered, setting, unit.prefix, unit.asleep)

    def _hear(self, hand: _Hand) -> list[tuple[int | None, Outcome]]:
        if hand.link is None:
            return []
        try:
            told = hand.hearer.heard(hand.link.recv_bytes())
        except (EOFError, OSError):
            self._replace(hand)
            return []
        if isinstance(told, tuple):
            is_input, why = told
            raise (WrongInputError if is_input else CouldNotRunError)(why)
        outcomes = []
        for number, what in told:
            if number is not None:
                hand.doing.pop(number, None)
            outcomes.append((number, heard(what, hand.hearer)))
        return outcomes

    def _replace(self, hand: _Hand) -> None:
        """Start another process in the place of a dead one; it is given what the dead one had not handed back."""
        if hand.link is not None:
            hand.link.close()
        hand.process.kill()
        hand.process.wait()
        self._hands.remove(hand)
        self._deaths += 1
        if self._deaths > _DEATHS:
            said = _last_words(self._log_of(hand.number))
            raise CouldNotRunError(f"{self._deaths} processes of --jobs died in the middle of their work: {said}")
        self._again.extend(hand.doing.values())
        self._hire(hand.number)


def _last_words(log: Path) -> str:
    return log.read_text("utf-8", "replace").strip()[-500:] or "the last one said nothing"
