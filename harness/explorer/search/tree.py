"""The decisions that are still to be tried, as a tree whose finished parts are forgotten.

Every schedule that ran says at each of its decisions what else could have been decided. With reduction, another
process is tried only where a race asks for it, and nothing is tried that would only trade places with what was tried
before (sleep sets); a fault is tried wherever the process that it strikes is. Without reduction everything is tried.

What is tried next does not depend on how long a schedule takes: schedules are given out in an order of their own,
and what they saw is taken back in that order. So one process and many give the same schedules.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from harness.explorer.search.footprint import EVERYTHING, Footprint, independent
from harness.explorer.search.races import Event, Race, races
from verify.decisions import actor_of, is_preemption, is_step, strikes_world

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_BRANCHES = 2_000
"""Waiting branches from which on the search goes deep instead of trying the fewest preemptions first, so that memory
stays flat."""

WINDOW = 128
"""Schedules that are given out and not taken back, at most."""


Alike = tuple[tuple[str, str], ...]
"""Processes that nobody could tell from an earlier one, each with that one."""


class Node(NamedTuple):
    """One decision of a schedule: what could be decided, and what was.

    Attributes:
        options: What could be decided.
        taken: What was; empty where all of it had been tried elsewhere.
        running: The process that could have gone on undisturbed; empty if there was none.
        alike: Processes for which another one stands: what they could do is tried for that one only.
    """

    options: tuple[str, ...]
    taken: str
    running: str = ""
    alike: Alike = ()

    def tried_for(self, option: str) -> str:
        """Return what is tried where *option* is wanted."""
        actor = actor_of(option)
        for process, other in self.alike:
            if process == actor:
                return other + option.removeprefix(actor)
        return option


@dataclass(slots=True, eq=False)
class Unit:
    """One schedule to run.

    Attributes:
        prefix: What is to be decided first; after that the first option that is not asleep.
        asleep: What is asleep before the last decision of the prefix.
        branch: Where its last decision is taken; None for the first schedule of all.
    """

    prefix: tuple[str, ...]
    asleep: Mapping[str, Footprint]
    branch: Branch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a schedule saw.

    Attributes:
        path: Its decisions, those of its prefix first.
        events: What happened, in order.
        is_vacuous: Its last decision of the prefix changed nothing, so nothing below it is tried.
        came_to: The name of what the fault has left behind that is the last decision of the prefix; empty where there
            is none. Two faults at one branch that leave the same behind are gone on from once.
        passed: Names of what it came to where nothing from before can trade places with what follows, each with the
            number of decisions until then: what comes of it is tried once, wherever it is come to first.
    """

    path: Sequence[Node]
    events: Sequence[Event]
    is_vacuous: bool = False
    came_to: bytes = b""
    passed: Sequence[tuple[int, bytes]] = ()


@dataclass(slots=True, eq=False)
class Branch:
    """One decision in the tree.

    Attributes:
        node: What could be decided there.
        parent: The decision before; None at the first.
        arrived: What was taken there.
        depth: How many decisions come before.
        preemptions: How many preemptions lead here.
        asleep: What need not be tried here, because it was tried where it makes no difference.
        started: What is tried, with its footprint; None while nobody knows it.
        waiting: What is to be tried and was not given out.
        left_behind: What faults that were tried here have left behind.
        is_queued: Whether it stands in the queue, or waits for the footprint of what was given out last.
    """

    node: Node
    parent: Branch | None
    arrived: str
    depth: int
    preemptions: int
    asleep: Mapping[str, Footprint]
    started: dict[str, Footprint | None] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    left_behind: tuple[tuple[bytes, Footprint], ...] = ()
    is_queued: bool = False

    def cost(self, option: str) -> int:
        """Return how many preemptions there are when *option* is taken here."""
        return self.preemptions + is_preemption(self.node.running, option)

    def want(self, option: str) -> None:
        """Let *option* be tried here, unless it is or need not be."""
        if option not in self.started and option not in self.waiting and option not in self.asleep:
            self.waiting.append(option)

    def want_all_of(self, actor: str) -> None:
        """Let everything be tried here that *actor* can do or meet: its step, and each fault that can strike it."""
        for option in self.node.options:
            if actor_of(option) == actor:
                self.want(option)

    def answer(self, race: Race) -> None:
        """Let the race be reversed here, unless what is tried here reverses it."""
        beginnings = [self.node.tried_for(option) for option in race.beginnings]
        for option in beginnings:
            if option in self.started or option in self.asleep or option in self.waiting:
                return
        for option in beginnings:
            if option in self.node.options:
                if is_step(option):
                    self.want_all_of(option)
                else:
                    self.want(option)
                return

    def decisions(self) -> tuple[str, ...]:
        """Return the decisions that lead here."""
        taken = []
        at = self
        while at.parent is not None:
            taken.append(at.arrived)
            at = at.parent
        return tuple(reversed(taken))


def asleep_after(asleep: Mapping[str, Footprint], taken: str, touched: Footprint) -> Mapping[str, Footprint]:
    """Return what stays asleep when *taken*, with the footprint *touched*, has happened."""
    if not asleep:
        return asleep
    actor = actor_of(taken)
    return {
        option: seen for option, seen in asleep.items() if independent(seen, touched) and actor_of(option) != actor
    }


class Tree:
    """What is still to be run.

    Attributes:
        merged: How often a schedule came to what another had come to, so that it was not gone on from.
    """

    def __init__(self, *, reduces: bool = True, window: int = WINDOW) -> None:
        """Start with the one schedule that decides nothing special.

        Args:
            reduces: Whether to run one schedule of each class, about, instead of every schedule.
            window: Schedules given out and not taken back, at most.
        """
        self._reduces = reduces
        self._window = window
        self._queues: dict[int, list[Branch]] = defaultdict(list)
        self._queued = 0
        self.merged = 0
        self._come_to: set[bytes] = set()
        first = Unit((), {})
        self._out = deque([first])
        self._to_take = deque([first])
        self._back: dict[Unit, Ran] = {}

    def __bool__(self) -> bool:
        """Whether anything is to be run or being run."""
        return bool(self._out)

    def __len__(self) -> int:
        """Return how many decisions wait for something to be tried at them."""
        return self._queued

    def take(self) -> Unit | None:
        """Return a schedule to run; None where the next one depends on what others see."""
        return self._to_take.popleft() if self._to_take else None

    def give_back(self, unit: Unit, ran: Ran) -> list[Unit]:
        """Learn what a schedule saw, as soon as all before it are back; return those whose turn has come."""
        self._back[unit] = ran
        learned = []
        while self._out and self._out[0] in self._back:
            first = self._out.popleft()
            learned.append(first)
            self._learn(first, self._back.pop(first))
            # Chosen here and not when it is asked for: what is run next must not depend on who is faster.
            while len(self._out) < self._window and (branch := self._next_branch()) is not None:
                unit = self._unit(branch)
                self._out.append(unit)
                self._to_take.append(unit)
        return learned

    def _next_branch(self) -> Branch | None:
        filled = [cost for cost, queue in self._queues.items() if queue]
        if not filled:
            return None
        self._queued -= 1
        chosen = min(filled) if self._queued < MOST_BRANCHES else max(filled)
        return self._queues[chosen].pop()

    def _unit(self, branch: Branch) -> Unit:
        option = min(branch.waiting, key=branch.cost)
        branch.waiting.remove(option)
        tried = {other: seen for other, seen in branch.started.items() if seen is not None} if self._reduces else {}
        branch.started[option] = None
        return Unit((*branch.decisions(), option), {**branch.asleep, **tried}, branch)

    def _queue(self, branch: Branch) -> None:
        if branch.waiting and not branch.is_queued:
            branch.is_queued = True
            self._queues[min(map(branch.cost, branch.waiting))].append(branch)
            self._queued += 1

    def _learn(self, unit: Unit, ran: Ran) -> None:
        footprints = {event.node: event.footprint for event in ran.events if event.node >= 0}
        branches = self._known(unit)
        if unit.branch is not None:
            unit.branch.started[unit.prefix[-1]] = footprints.get(unit.branch.depth, EVERYTHING)
            unit.branch.is_queued = False
        if not ran.is_vacuous:
            self._grow(branches, unit, ran, footprints)
            if self._reduces:
                for race in races(ran.events, _since(ran.events, unit)):
                    if race.node < len(branches):
                        branches[race.node].answer(race)
        for branch in branches:
            self._queue(branch)

    def _known(self, unit: Unit) -> list[Branch]:
        branches = []
        at = unit.branch
        while at is not None:
            branches.append(at)
            at = at.parent
        branches.reverse()
        return branches

    def _grow(self, branches: list[Branch], unit: Unit, ran: Ran, footprints: Mapping[int, Footprint]) -> None:
        """Add the decisions behind the prefix to *branches*."""
        parent = unit.branch
        if parent is not None and ran.came_to:
            # Of two that leave the same behind, one may have looked at more: other races would ask for it.
            left_behind = (ran.came_to, footprints[parent.depth])
            if left_behind in parent.left_behind:
                self.merged += 1
                return
            parent.left_behind = (*parent.left_behind, left_behind)
        passed = dict(ran.passed)
        asleep = unit.asleep
        preemptions = 0 if parent is None else parent.cost(unit.prefix[-1])
        for depth in range(len(unit.prefix), len(ran.path)):
            node = ran.path[depth]
            if depth:
                asleep = asleep_after(asleep, ran.path[depth - 1].taken, footprints[depth - 1])
            arrived = ran.path[depth - 1].taken if depth else ""
            if depth in passed and self._is_passed(passed[depth], branches, footprints.get(depth - 1), asleep):
                return
            branch = Branch(node, parent, arrived, depth, preemptions, asleep)
            if node.taken:
                branch.started[node.taken] = footprints[depth]
            self._want(branch)
            branches.append(branch)
            preemptions = branch.cost(node.taken)
            parent = branch

    def _is_passed(
        self,
        name: bytes,
        branches: Sequence[Branch],
        last: Footprint | None,
        asleep: Mapping[str, Footprint],
    ) -> bool:
        """Say whether what follows is tried elsewhere, where it was come to first.

        Of what follows, only a late step can trade places with something before: with the last decision, where that
        conflicts with everything. No race will ask for it, so it is wanted there at once.
        """
        if name not in self._come_to:
            if not asleep:
                self._come_to.add(name)
            return False
        self.merged += 1
        if branches and last is not None and last.everything:
            for option in branches[-1].node.options:
                if "!" not in option and not is_step(option):
                    branches[-1].want(option)
        return True

    def _want(self, branch: Branch) -> None:
        """Let be tried at a new branch what has to be, before any race asks for more."""
        node = branch.node
        if self._reduces:
            branch.want_all_of(actor_of(node.taken))
        for option in node.options:
            if not self._reduces or strikes_world(option):
                branch.want(option)


def _since(events: Sequence[Event], unit: Unit) -> int:
    """Return from which event on a schedule may show what the one that it came from did not."""
    last = len(unit.prefix) - 1
    return next((at for at, event in enumerate(events) if event.node >= last), 0)
