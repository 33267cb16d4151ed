"""Plays a generated trial order by order, whoever draws the orders. An order that cannot be followed is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.conformance import orders
from harness.conformance.bench import ColdError
from harness.errors import CouldNotRunError
from harness.explorer.runner import COLD_ATTEMPTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.conformance.bench import Bench
    from harness.conformance.trial import Trial
    from harness.explorer.world.setting import Job


_MOST_STEPS = 16
"""Steps before an effect at most; whoever takes more has no effect."""


@dataclass(frozen=True, slots=True)
class Told:
    """One order: what is done, and the words that go with it."""

    what: str
    words: Mapping[str, Any]

    def __str__(self) -> str:
        """Return it as a call."""
        return f"{self.what}({', '.join(f'{name}={value!r}' for name, value in self.words.items())})"


class Player:
    """One trial being played.

    Attributes:
        trial: The trial.
        called: The jobs that the guard was called with, by what the decisions call them.
        followed: The orders that were followed.
    """

    def __init__(self, bench: Bench, begin: Told) -> None:
        self._bench = bench
        self._kind, self._stranger = begin.words["kind"], begin.words["stranger"]
        self.trial: Trial = bench.begin(begin.words["store"])
        self.called: dict[str, Job] = {}
        self.followed = [begin]

    def follow(self, told: Told) -> None:
        """Follow an order, if it can be followed."""
        if getattr(self, f"_{told.what}")(**told.words):
            self.followed.append(told)

    def end(self) -> None:
        """Let everything be settled, and judge what happened.

        Raises:
            PromiseBrokenError: The promise was broken; it knows the orders.
        """
        self._bench.judge(self.trial.finish(), tuple(self.followed))

    # The orders, each by its name: they say whether they could be followed.

    def _call(self, entity: str, change: str) -> bool:
        kinds = self._bench.kinds
        at = kinds.index(self._kind) + (change == orders.KIND)
        amount = change if change == orders.AMOUNT else orders.NOTHING
        job = orders.job(self.trial.world.key, self._stranger, entity, amount, kinds[at % len(kinds)])
        called = f"{entity},{change}"
        self.called[called] = job
        self.trial.tell(lambda operations: operations.call(job, called))
        return True

    def _go_on(self, process: str, steps: int) -> bool:
        can = process in self.trial.movable
        for _ in range(steps):
            if process in self.trial.movable:
                self.trial.tell(lambda operations: operations.decide(process))
        return can

    def _reach_effect(self, process: str) -> bool:
        can = process in self.trial.movable
        for _ in range(_MOST_STEPS):
            if process in self.trial.movable and not self.trial.before_effect(process):
                self.trial.tell(lambda operations: operations.decide(process))
        return can

    def _strike(self, blow: str) -> bool:
        can = any(blow in blows for blows in self.trial.blows().values())
        if can:
            self.trial.tell(lambda operations: operations.decide(blow))
        return can

    def _lose(self, disaster: str) -> bool:
        can = disaster in self.trial.disasters()
        if can:
            self.trial.lose(disaster)
        return can

    def _pass_time(self, leases: float) -> bool:
        can = self.trial.has_time
        if can:
            self.trial.let_pass(self._bench.lease_s * leases)
        return can

    def _land(self, late: str) -> bool:
        can = late in self.trial.late
        if can:
            self.trial.tell(lambda operations: operations.decide(late))
        return can

    def _come_back(self, process: str) -> bool:
        zombie = self.trial.paused.get(process)
        if zombie is not None:
            self.trial.tell(lambda operations: operations.come_back(zombie))
        return zombie is not None

    def _reconcile(self, called: str) -> bool:
        job = self.called.get(called)
        if job is None or not self.trial.world.operations.can_reconcile:
            return False
        self.trial.tell(lambda operations: operations.reconcile(job, called))
        return True


def play_out(bench: Bench, followed: Sequence[Told]) -> Player:
    """Play a trial from its first order to its end; again where the server did not know a script. Return how it went.

    Raises:
        PromiseBrokenError: It broke the promise.
        CouldNotRunError: The server forgets scripts as fast as the guard loads them.
    """
    for _ in range(COLD_ATTEMPTS):
        player = Player(bench, followed[0])
        try:
            for told in followed[1:]:
                player.follow(told)
            player.end()
        except ColdError:
            continue
        finally:
            player.trial.abandon()
        return player
    raise CouldNotRunError("the server forgets scripts as fast as the subject loads them")
