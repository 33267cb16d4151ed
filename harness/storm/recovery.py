"""After the storm: what is open is delivered again past the lease, from fresh processes, as a job queue would.

Bounded in rounds and in time. What was not delivered often enough is named, so that nobody takes it for stuck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import clock
from verify.history.events import Complete
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.storm.recording import Recording
    from harness.storm.workload import Order
    from harness.workers.crew import Crew

ROUNDS = 3
_AT_ONCE = 200
"""Orders that are handed out before the answers are looked at."""
_ANSWERS_S = 60.0


class Recovery:
    """Delivers orders again.

    Attributes:
        answered_ok: How many were answered OK in the end.
        given_up: Those that were neither settled nor delivered in every round: there was no time.
    """

    def __init__(
        self,
        crew: Crew,
        names: Sequence[str],
        writing: Recording,
        pass_the_lease: Callable[[], None],
        *,
        budget_s: float,
    ) -> None:
        """Prepare the deliveries.

        Args:
            crew: The fresh processes.
            names: Which of them work.
            writing: Where their events go.
            pass_the_lease: Lets every claim end.
            budget_s: Seconds after which no more is delivered.
        """
        self._crew = crew
        self._names = names
        self._writing = writing
        self._pass_the_lease = pass_the_lease
        self._until_ns = clock.elapsed_ns() + int(budget_s * 1e9)
        self.answered_ok = 0
        self.given_up: list[Order] = []

    def run(self, orders: Sequence[Order], say: Callable[[str], None]) -> list[Order]:
        """Deliver *orders* until each is answered OK or with a conflict; return what is not settled in the end."""
        waiting = list(orders)
        for number in range(1, ROUNDS + 1):
            if not waiting:
                break
            self._pass_the_lease()
            unsettled: list[Order] = []
            for at in range(0, len(waiting), _AT_ONCE):
                if clock.elapsed_ns() > self._until_ns:
                    self.given_up = [*unsettled, *waiting[at:]]
                    return self.given_up
                unsettled += self.deliver(waiting[at : at + _AT_ONCE], number)
                done = min(at + _AT_ONCE, len(waiting))
                say(f"delivering again, round {number}: {done:,} of {len(waiting):,} orders")
            waiting = unsettled
        return waiting

    def deliver(self, orders: Sequence[Order], number: int) -> list[Order]:
        """Deliver some orders once, let the guard reconcile what is not settled, and return that.

        Args:
            orders: They.
            number: How much is added to the number of their last delivery.
        """
        given = {}
        for at, order in enumerate(orders):
            name = self._names[at % len(self._names)]
            delivery = order.delivery + number
            op = self._crew.give(name, order.key, order.payload, delivery=delivery, effect_type=order.effect_type)
            given[op] = name, order
        self._work()
        open_ = dict(given)
        for event in self._crew.events:
            if isinstance(event, Complete) and (event.outcome is Outcome.OK or event.word == "conflict"):
                self.answered_ok += event.outcome is Outcome.OK
                open_.pop(event.op, None)
        self._write()
        for name, order in open_.values():
            self._crew.give_reconcile(name, order.key, effect_type=order.effect_type)
        self._work()
        self._write()
        return [order for _, order in open_.values()]

    def _work(self) -> None:
        self._crew.listen_until(lambda: self._crew.is_idle, deadline_s=_ANSWERS_S)

    def _write(self) -> None:
        for event in self._crew.events:
            self._writing.write(event)
        self._crew.events.clear()
