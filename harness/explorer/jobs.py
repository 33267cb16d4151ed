"""Several processes that run the schedules of one exploration, each with a server and a processor core of its own.

Which schedules are run, and in which order they count, is decided in one place; so many processes give what one
gives. A process that dies is replaced, and what it had not handed back is run again.
"""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from harness.errors import CouldNotRunError, WrongInputError
from harness.explorer.outcome import heard
from harness.explorer.plan import Pass
from harness.explorer.shorthand import Hearer, Speaker
from harness.interruption import stop_if_asked
from harness.processes.linked import TICK_S, LinkedProcesses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from multiprocessing.connection import Connection

    from harness.explorer.outcome import Outcome
    from harness.explorer.plan import Plan
    from harness.explorer.search.footprint import Footprint
    from harness.explorer.search.tree import Unit
    from harness.explorer.world.setting import Setting
    from harness.processes.linked import Linked
    from harness.redis_server.choice import RedisChoice

MOST_JOBS = 64
_AHEAD = 48
"""Schedules that a process is given ahead, so that it never waits for more."""
_DEATHS = 8
"""Processes that may die before it is clear that the schedules kill them."""


class Task(NamedTuple):
    """What a process is told first."""

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
    linked: Linked
    doing: dict[int, Order] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    speaker: Speaker = field(default_factory=Speaker)
    hearer: Hearer = field(default_factory=Hearer)

    @property
    def link(self) -> Connection:
        """The link to it."""
        return self.linked.link

    def send_orders(self) -> None:
        """Send what was ordered since the last time."""
        if self.orders:
            said = [order.said(self.speaker) for order in self.orders]
            self.orders = []
            # Of a process that is dead the end of its link tells; what it was ordered is run again.
            with suppress(OSError):
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
        with ExitStack() as stack:
            self._processes = stack.enter_context(LinkedProcesses())
            for number in range(self._count):
                self._hire(number)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        # A process ends when its link does, and takes its server and its keys with it.
        self._stack.close()

    def run(self, setting: Setting, next_unit: Callable[[], Unit | None]) -> Iterator[tuple[Unit | None, Outcome]]:
        """Run schedules as long as there are any; yield what came of each, with None for a second run of one.

        Raises:
            CouldNotRunError: A process cannot go on, or too many died.
            WrongInputError: The subject cannot be loaded or prepared.
        """
        at = self._plan.passes.index(Pass(setting.workload, setting.faults, setting.loses_writes))
        while True:
            self._hand_out(at, next_unit)
            if not self._units and not self._again:
                return
            stop_if_asked()
            links: dict[object, _Hand] = {hand.link: hand for hand in self._hands}
            for ready in wait([hand.link for hand in self._hands], TICK_S):
                for number, outcome in self._hear(links[ready]):
                    yield (None if number is None else self._units.pop(number)), outcome

    # Within.

    def _hire(self, number: int) -> None:
        hand = _Hand(number, self._processes.start("harness.explorer.job", number))
        self._hands.append(hand)
        hand.link.send(Task(self._plan.to_object(), self._choice))

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
        hand.linked.process.kill()
        self._processes.let_go(hand.linked)
        self._hands.remove(hand)
        self._deaths += 1
        if self._deaths > _DEATHS:
            said = hand.linked.last_words
            raise CouldNotRunError(f"{self._deaths} processes of --jobs died in the middle of their work: {said}")
        self._again.extend(hand.doing.values())
        self._hire(hand.number)
