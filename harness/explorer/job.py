"""One process of an exploration, ``python -m harness.explorer.job SOCKET``: runs what it is given, decides nothing.

It ends when its link does, and leaves neither a server nor a key behind.
"""

from __future__ import annotations

import sys
from collections import deque
from multiprocessing.connection import Client
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, WrongInputError
from harness.explorer.jobs import Order, Task
from harness.explorer.outcome import said
from harness.explorer.plan import Plan
from harness.explorer.rig import Rig
from harness.explorer.runner import Runner
from harness.explorer.search.tree import Unit
from harness.explorer.shorthand import Hearer, Speaker
from harness.explorer.target import open_target

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from harness.explorer.target import Target

_TOGETHER = 8
"""Outcomes that are handed back at once."""


class Job:
    """Runs the orders that come over a link."""

    def __init__(self, link: Connection, plan: Plan, runner: Runner, target: Target) -> None:
        self._link = link
        self._runner = runner
        self._settings = plan.settings(has_clock=target.has_clock, can_be_lost=target.can_be_lost)
        self._setting = 0
        self._orders: deque[Order] = deque()
        self._numbers: dict[Unit, int] = {}
        self._outcomes: list[tuple[int | None, tuple[Any, ...]]] = []
        self._hearer = Hearer()
        self._speaker = Speaker()

    def work(self) -> None:
        """Run orders until the link ends.

        Raises:
            EOFError: It ended.
        """
        while True:
            if not self._orders:
                self._hear()
            self._setting = self._orders[0].setting
            for unit, outcome in self._runner.run(self._settings[self._setting], self._next):
                number = None if unit is None else self._numbers.pop(unit)
                self._outcomes.append((number, said(outcome, self._speaker)))
                if len(self._outcomes) >= _TOGETHER:
                    self._hand_back()
            self._hand_back()

    def _hear(self) -> None:
        told = self._hearer.heard(self._link.recv_bytes())
        self._orders.extend(Order.heard(order, self._hearer) for order in told)

    def _next(self) -> Unit | None:
        """Return the next schedule of this pass; None where there is none now, or one of another pass."""
        if not self._orders:
            # Whoever gives the orders may be waiting for what has come of these.
            self._hand_back()
        while self._link.poll():
            self._hear()
        if not self._orders or self._orders[0].setting != self._setting:
            return None
        order = self._orders.popleft()
        unit = Unit(order.prefix, order.asleep)
        self._numbers[unit] = order.number
        return unit

    def _hand_back(self) -> None:
        if self._outcomes:
            self._link.send_bytes(self._speaker.message(self._outcomes))
            self._outcomes = []


def main() -> None:
    """Connect to the exploration and work until it is over."""
    link = Client(sys.argv[1], family="AF_UNIX")
    try:
        task: Task = link.recv()
        plan = Plan.from_object(task.plan)
        with open_target(task.choice) as target, Rig(target, plan.subject, plan.hosting, alone=False) as rig:
            Job(link, plan, Runner(rig, plan.subject), target).work()
    except EOFError:
        return
    except HarnessError as error:
        link.send_bytes(Speaker().message((isinstance(error, WrongInputError), str(error))))


if __name__ == "__main__":
    main()
