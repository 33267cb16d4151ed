"""The state machine that makes trials: Hypothesis draws every call, every step and every fault.

A fault strikes a process at the step at which it stands, never after a time. So what is drawn is a sequence of orders
of which any may be left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import strategies as st
from hypothesis.control import current_build_context
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from harness.conformance.orders import ALPHABET
from harness.conformance.player import Player, Told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.conformance.bench import Bench
    from harness.conformance.trial import Trial

LEAPS = (1.2, 0.4)
"""How far time may jump at once, in leases. No sum of them comes closer to the end of a lease or of a request's life
than a tenth of a lease, so that the real time that a trial takes never decides."""

_MOST_STEPS = 6


def _one_of(options: Callable[[Any], Sequence[Any]]) -> st.SearchStrategy[Any]:
    """Draw one of what the machine has to choose from when it draws."""
    return st.runner().flatmap(lambda machine: st.sampled_from(options(machine)))


def _blow(machine: GuardMachine) -> st.SearchStrategy[str]:
    """Draw whom a fault strikes and of which family, then which: else the families with many variants prevail."""
    return st.sampled_from(list(machine.trial.blows().values())).flatmap(st.sampled_from)


class GuardMachine(RuleBasedStateMachine):
    """Calls a guard, and lets things go wrong. A subclass names the bench."""

    bench: ClassVar[Bench]
    player: Player

    @property
    def trial(self) -> Trial:
        """The trial being played."""
        return self.player.trial

    @initialize(
        store=_one_of(lambda machine: machine.bench.stores),
        kind=_one_of(lambda machine: machine.bench.kinds),
        stranger=st.text(ALPHABET, min_size=1, max_size=4),
    )
    def begin(self, store: str, kind: str, stranger: str) -> None:
        """Begin with one kind of effect, on a store that is kept, or that may restart or fail over once."""
        self.player = Player(self.bench, Told("begin", {"store": store, "kind": kind, "stranger": stranger}))

    @precondition(lambda self: not self.trial.is_over)
    @rule(
        entity=_one_of(lambda machine: machine.bench.entities),
        change=_one_of(lambda machine: machine.bench.changes),
    )
    def call(self, entity: str, change: str) -> None:
        """Let a new process call the guard, up to its first step; what is changed of the order keeps its key."""
        self.player.follow(Told("call", {"entity": entity, "change": change}))

    @precondition(lambda self: self.trial.movable)
    @rule(process=_one_of(lambda machine: machine.trial.movable), steps=st.integers(1, _MOST_STEPS))
    def go_on(self, process: str, steps: int) -> None:
        """Let a process take so many steps, fewer where it comes to its end."""
        self.player.follow(Told("go_on", {"process": process, "steps": steps}))

    @precondition(lambda self: self.trial.movable)
    @rule(process=_one_of(lambda machine: machine.trial.movable))
    def reach_effect(self, process: str) -> None:
        """Let a process go on until it stands before its effect, or comes to its end."""
        self.player.follow(Told("reach_effect", {"process": process}))

    @precondition(lambda self: self.trial.movable and self.bench.effect_faults)
    @rule(
        process=_one_of(lambda machine: machine.trial.movable),
        fault=_one_of(lambda machine: machine.bench.effect_faults),
    )
    def strike_effect(self, process: str, fault: str) -> None:
        """Let a process go on until it stands before its effect, and let a fault strike it there."""
        self.player.follow(Told("reach_effect", {"process": process}))
        self.player.follow(Told("strike", {"blow": f"{process}!{fault}"}))

    @precondition(lambda self: self.trial.blows())
    @rule(blow=st.runner().flatmap(_blow))
    def strike(self, blow: str) -> None:
        """Let a fault strike a process at the step at which it stands."""
        self.player.follow(Told("strike", {"blow": blow}))

    @precondition(lambda self: self.trial.disasters())
    @rule(disaster=_one_of(lambda machine: machine.trial.disasters()))
    def lose(self, disaster: str) -> None:
        """Let a key, or the store with its last writes, be lost."""
        self.player.follow(Told("lose", {"disaster": disaster}))

    @precondition(lambda self: self.trial.has_time)
    @rule(leases=st.sampled_from(LEAPS))
    def pass_time(self, leases: float) -> None:
        """Let time jump for everybody."""
        self.player.follow(Told("pass_time", {"leases": leases}))

    @precondition(lambda self: self.trial.late)
    @rule(late=_one_of(lambda machine: machine.trial.late))
    def land(self, late: str) -> None:
        """Let a late step land."""
        self.player.follow(Told("land", {"late": late}))

    @precondition(lambda self: self.trial.paused)
    @rule(process=_one_of(lambda machine: list(machine.trial.paused)))
    def come_back(self, process: str) -> None:
        """Let a paused process wait at the gate again."""
        self.player.follow(Told("come_back", {"process": process}))

    @precondition(lambda self: self.player.called and self.trial.world.operations.can_reconcile)
    @rule(called=_one_of(lambda machine: list(machine.player.called)))
    def reconcile(self, called: str) -> None:
        """Let a new process reconcile what was called, up to its first step."""
        self.player.follow(Told("reconcile", {"called": called}))

    @precondition(lambda self: self.trial.is_over)
    @rule()
    def rest(self) -> None:
        """Do nothing more: the gate could not hold the guard."""

    def teardown(self) -> None:
        """Settle everything and judge what happened, unless the drawing was broken off."""
        if not hasattr(self, "player"):
            return
        if current_build_context().data.frozen or not self.player.called:
            self.trial.abandon()
        else:
            self.player.end()
