"""What a subject says of itself and is never believed: a sample of schedules is run again without relying on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.explorer.outcome import Outcome
from harness.explorer.search.tree import Ran, Unit
from verify.history.events import Fault, changed

if TYPE_CHECKING:
    from harness.explorer.world.setting import Setting
    from harness.explorer.world.world import World
    from verify.history.events import Event

_ALWAYS_CHECKED = 16
_CHECKED_EVERY = 256
"""Schedules that rely on a claim and are run again: the first ones, then one in so many."""


class Claim:
    """One thing that a subject says, the schedules that relied on it, and those that show whether it holds."""

    def __init__(self, broken: str, says: str, otherwise: str) -> None:
        """Begin with no schedule.

        Args:
            broken: What is said of the subject where the claim does not hold.
            says: The claim, in the subject's words.
            otherwise: How the schedules are run again.
        """
        self._broken = broken
        self._sentence = f"the subject says that {says}, but {otherwise} the schedule '{{}}' goes on otherwise"
        self._relied = 0
        self._doubted: list[World] = []
        self._originals: dict[World, World] = {}

    def relied_on(self, world: World) -> None:
        """Note that a schedule relied on the claim; some are to be run again."""
        self._relied += 1
        if self._relied <= _ALWAYS_CHECKED or self._relied % _CHECKED_EVERY == 0:
            self._doubted.append(world)

    def doubted(self) -> World | None:
        """Return a schedule to run again; None where there is none."""
        return self._doubted.pop() if self._doubted else None

    def checks(self, original: World, again: World) -> None:
        """Note that *again* is *original*, run without relying on the claim."""
        self._originals[again] = original

    def is_checked_by(self, world: World) -> bool:
        """Say whether a schedule is run for this claim only."""
        return world in self._originals

    def settled(self, again: World) -> Outcome | None:
        """Return the outcome that ends the exploration; None where both went alike.

        A schedule that met a script which the server did not know proves nothing.
        """
        original = self._originals.pop(again)
        if again.cold_at is not None or _went_alike(original, again):
            return None
        seen = self._sentence.format(" ".join(original.decisions))
        return Outcome(ran=Ran(path=(), events=()), problem=self._broken, nondeterministic=seen)


def reusable() -> Claim:
    """Return the claim that a subject's ``reusable`` is."""
    return Claim("the subject is not reusable, though it says so", "a guard may be reused", "with fresh guards")


def losses_alike() -> Claim:
    """Return the claim that a subject's ``losses_alike`` is."""
    return Claim(
        "the subject tells a restart from a failover, though it says that it does not",
        "a server that starts again and a replica that takes over are alike to it",
        "with failovers in the place of restarts",
    )


def with_failovers(world: World) -> Unit:
    """Return the schedule of *world* in which a replica takes over where the server has started again for both."""
    return Unit(_as_failovers(world.unit.prefix, world.setting), world.unit.asleep)


def _as_failovers(decisions: tuple[str, ...], setting: Setting) -> tuple[str, ...]:
    takes_over = {stand_in.name: other.name for stand_in, other in setting.stand_ins}
    return tuple(takes_over.get(decision, decision) for decision in decisions)


def _went_alike(original: World, again: World) -> bool:
    """Say whether both gave one history, and behind losses of other kinds took the same steps too."""
    setting = original.setting
    if setting.stand_ins and _as_failovers(original.decisions, setting) != again.decisions:
        return False
    return _history(again, setting) == original.trace.events


def _history(again: World, setting: Setting) -> list[Event]:
    """Return what was judged, with each failover told as the restart that stands for it in *setting*."""
    stands_in = {other.name: stand_in for stand_in, other in setting.stand_ins}
    return [
        changed(
            event, kind=stands_in[event.kind].name, witness=stands_in[event.kind].witness if event.witness else ""
        )
        if isinstance(event, Fault) and event.kind in stands_in
        else event
        for event in again.trace.events
    ]
