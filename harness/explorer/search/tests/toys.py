"""Toy systems: processes that read and write a dictionary under faults, explored by the same tree as guards are."""

from __future__ import annotations

import functools
import heapq
import random
import re
from dataclasses import dataclass, field
from itertools import permutations
from typing import TYPE_CHECKING, Any

from harness.explorer.search.footprint import EVERYTHING, NOTHING, Footprint, footprint, independent
from harness.explorer.search.races import MISSED, UNDECIDED, Event
from harness.explorer.search.tree import Node, Ran, Tree, Unit, asleep_after
from harness.explorer.world.likeness import Likeness
from verify.decisions import GO_ON, actor_of, late_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FAULTS = ("crash_before", "request_lost", "late_request")


@dataclass(frozen=True, slots=True)
class Op:
    """One step of a process.

    Attributes:
        kind: ``read``, ``write``, or ``claim``, which writes only where nothing is.
        key: What it touches.
        skips: How many steps are left out behind it where it reads something, or claims nothing.
    """

    kind: str
    key: str
    skips: int = 0


@dataclass(slots=True)
class Toy:
    """A system of processes.

    Attributes:
        programs: The steps of each process.
        faults: How many faults strike at most.
        jumps: Whether time may jump, which frees every claim.
        second: The steps of processes that begin when all others have come to their end.
        merges: Whether a schedule says what it has come to.
        likens: Whether a schedule says which processes nobody could tell apart.
    """

    programs: Mapping[str, Sequence[Op]]
    faults: int = 0
    jumps: bool = False
    second: Mapping[str, Sequence[Op]] = field(default_factory=dict)
    merges: bool = False
    likens: bool = False

    def castings(self) -> list[Casting]:
        """Return how processes may take the parts of others with the same steps, beside each its own."""
        names, steps = list(self.programs), self.programs
        castings = [tuple(zip(names, order, strict=True)) for order in permutations(names)][1:]
        return [each for each in castings if all(steps[name] == steps[part] for name, part in each)]

    def run(self, unit: Unit) -> Ended:
        """Run one schedule."""
        running = Ended(self, unit)
        running.run()
        return running


Casting = tuple[tuple[str, str], ...]
"""Processes, each with the part that it plays; empty where everybody plays itself."""


Class = tuple[tuple[str, object], ...]
"""The one form of all schedules that differ only in neighbours that may trade places: decisions with replies."""


Situation = tuple[tuple[object, ...], ...]
"""What is held where, who is to do what, what may strike still, and what everybody was told."""


@dataclass(slots=True)
class Ended:
    """A schedule of a toy that has been run.

    Attributes:
        is_whole: Whether it came to its end; else all was asleep.
    """

    toy: Toy
    unit: Unit
    store: dict[str, object] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)
    late: dict[str, tuple[str, Op]] = field(default_factory=dict)
    path: list[Node] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    replies: list[object] = field(default_factory=list)
    left: int = 0
    told: dict[str, list[object]] = field(default_factory=dict)
    programs: dict[str, Sequence[Op]] = field(default_factory=dict)
    is_second: bool = False
    came_to: bytes = b""
    passed: list[tuple[int, bytes]] = field(default_factory=list)
    likeness: Likeness = field(default_factory=Likeness)
    is_whole: bool = False

    def run(self) -> None:
        """Run it."""
        self.programs = dict(self.toy.programs)
        self.at = dict.fromkeys(self.programs, 0)
        self.left = self.toy.faults
        for name, program in self.programs.items() if self.toy.likens else ():
            self.likeness.begins(name, program)
        asleep: Mapping[str, Footprint] = {}
        last = ""
        while options := self._options(last) or self._begin_second(last):
            depth = len(self.path)
            alike = self.likeness.of(name for name in self.toy.programs if name in options)
            if depth == len(self.unit.prefix) - 1:
                asleep = self.unit.asleep
            if depth < len(self.unit.prefix):
                taken = self.unit.prefix[depth]
                assert taken in options
            else:
                taken = next(
                    (each for each in options if each not in asleep and actor_of(each) not in dict(alike)), ""
                )
            self.path.append(Node(options, taken, last if last in options else "", alike))
            if not taken:
                return
            reply, touched = self._act(taken)
            self.events.append(Event(actor_of(taken), taken, depth, touched))
            self.replies.append(reply)
            self.likeness.decided(actor_of(taken), taken, touched)
            if "!" in taken:
                self.came_to = self._name() if len(self.path) == len(self.unit.prefix) else b""
            elif taken == GO_ON:
                self._pass()
            else:
                self.told.setdefault(actor_of(taken), []).append(reply)
            asleep = asleep_after(asleep, taken, touched)
            last = actor_of(taken) if actor_of(taken) in self.at else last
        self.is_whole = True

    def seen(self, casting: Casting = ()) -> tuple[Class, str]:
        """Return its class, and what it came to, if the parts were played as *casting* says."""
        end = [sorted(part, key=repr) for part in cast(self.situation(), casting)]
        return form_as(casting, self.events, self.replies), repr(end)

    def situation(self) -> Situation:
        """Return what the schedule has come to."""
        told = [(actor, tuple(said)) for actor, said in self.told.items()]
        parts = (self.store.items(), self.at.items(), self.late, told)
        return (*(tuple(sorted(part, key=repr)) for part in parts), (self.left,))

    def _name(self) -> bytes:
        return repr((self.is_second, self.situation())).encode() if self.toy.merges else b""

    def ran(self) -> Ran:
        """Return what the tree wants to know of it."""
        passed = self.passed if self.toy.merges else ()
        return Ran(path=self.path, events=self.events, came_to=self.came_to, passed=passed)

    def _begin_second(self, last: str) -> tuple[str, ...]:
        """Let the second processes begin where nothing is late; return what can be decided."""
        if self.is_second or not self.toy.second:
            return ()
        self._pass()
        return self._options(last)

    def _pass(self) -> None:
        if self.events and not self.events[-1].footprint.everything:
            self.events.append(Event("", "", UNDECIDED, EVERYTHING))
            self.replies.append(None)
        self.is_second = True
        self.programs.update(self.toy.second)
        self.at.update(dict.fromkeys(self.toy.second, 0))
        if len(self.path) >= len(self.unit.prefix):
            self.passed.append((len(self.path), self._name()))

    def _options(self, last: str) -> tuple[str, ...]:
        ready = sorted(
            (name for name, at in self.at.items() if at < len(self.programs[name])), key=lambda name: name != last
        )
        options = [*ready, *self.late]
        if self.late and not ready and self.toy.second and not self.is_second:
            return (GO_ON, *options)
        if options and self.left:
            options += [f"{name}!{kind}" for name in ready for kind in FAULTS]
            options += ["advance"] * self.toy.jumps
        return tuple(options)

    def _act(self, taken: str) -> tuple[object, Footprint]:
        name, struck, kind = taken.partition("!")
        if taken == "advance":
            self.left -= 1
            self.store = {key: held for key, held in self.store.items() if not isinstance(held, str)}
            return None, EVERYTHING
        if taken == GO_ON:
            return None, EVERYTHING
        if taken in self.late:
            owner, op = self.late.pop(taken)
            reply, touched = self._do(op, owner)
            return reply, footprint(touched.reads, touched.writes | {taken})
        op = self.programs[name][self.at[name]]
        if not struck:
            reply, touched = self._do(op, name)
            self.at[name] += 1 + (op.skips if bool(reply) == (op.kind == "read") else 0)
            return reply, touched
        self.left -= 1
        if kind == "crash_before":
            self.at[name] = len(self.programs[name])
            return None, NOTHING
        touched = NOTHING
        if kind == "late_request":
            waits = late_name(name, self.at[name])
            self.late[waits] = (name, op)
            touched = footprint(writes=frozenset((waits,)))
        self.at[name] += 1
        return None, touched

    def _do(self, op: Op, name: str) -> tuple[object, Footprint]:
        key = frozenset((op.key,))
        held = self.store.get(op.key)
        if op.kind == "read" or (op.kind == "claim" and held is not None):
            return held if op.kind == "read" else False, footprint(key)
        # What is written depends on what was there, so that no two orders of writing come to the same.
        self.store[op.key] = name if op.kind == "claim" else (held, name)
        return op.kind == "claim", footprint(frozenset(), key)


def cast(value: Any, casting: Casting) -> Any:
    """Return a value, with each process in it called by the part that *casting* gives it."""
    if not casting:
        return value
    if isinstance(value, str | Footprint | Event):
        return _cast(value, casting)
    if isinstance(value, tuple):
        return tuple(cast(each, casting) for each in value)
    return value


@functools.lru_cache(maxsize=1 << 16, typed=True)
def _cast(value: str | Footprint | Event, casting: Casting) -> str | Footprint | Event:
    if isinstance(value, str):
        return re.sub(r"w\d+", lambda found: dict(casting).get(found[0], found[0]), value)
    if isinstance(value, Event):
        return Event(*cast(tuple(value), casting))
    reads, writes = (frozenset(cast(each, casting) for each in names) for names in (value.reads, value.writes))
    return footprint(reads, writes, everything=value.everything, enters=value.enters, leaves=value.leaves)


def form_as(casting: Casting, events: Sequence[Event], labels: Sequence[object]) -> Class:
    """Return the form of a schedule in which the parts are played as *casting* says."""
    return normal_form([cast(each, casting) for each in events], [cast(each, casting) for each in labels])


def normal_form(events: Sequence[Event], labels: Sequence[object]) -> Class:
    """Return the alphabetically first order of the events that keeps dependent ones in theirs, with their labels."""
    happened = [at for at, event in enumerate(events) if event.node != MISSED]
    behind: dict[int, list[int]] = {at: [] for at in happened}
    ahead = dict.fromkeys(happened, 0)
    for at in happened:
        event = events[at]
        for before in happened:
            if before == at:
                break
            other = events[before]
            if other.actor == event.actor or not independent(other.footprint, event.footprint):
                behind[before].append(at)
                ahead[at] += 1
    free = [(events[at].decision, at) for at in happened if not ahead[at]]
    heapq.heapify(free)
    form = []
    while free:
        decision, at = heapq.heappop(free)
        form.append((decision, labels[at]))
        for later in behind[at]:
            ahead[later] -= 1
            if not ahead[later]:
                heapq.heappush(free, (events[later].decision, later))
    return tuple(form)


@dataclass(slots=True)
class Explored:
    """What an exploration of a toy came to.

    Attributes:
        schedules: The schedules that were run, in the order in which they were given out.
        blocked: How many of them came to where everything was tried elsewhere.
        classes: How many schedules of each class were run; none of one that another stands for, with other names.
        ends: What they came to in the end.
        merged: How often two came to the same on the way.
    """

    schedules: list[tuple[str, ...]] = field(default_factory=list)
    blocked: int = 0
    classes: dict[Class, int] = field(default_factory=dict)
    ends: set[str] = field(default_factory=set)
    merged: int = 0


def explore(toy: Toy, *, reduces: bool, window: int = 1, disorder: int = 0) -> Explored:
    """Explore *toy*.

    Args:
        toy: What to explore.
        reduces: Whether to run one schedule of each class, about.
        window: Schedules in flight at most.
        disorder: Seed of the order in which they come back.
    """
    order = random.Random(disorder)  # noqa: S311 - the order of a test
    tree, seen = Tree(reduces=reduces, window=window), Explored()
    flying: list[tuple[Unit, Ran]] = []
    others = toy.castings() if toy.likens and reduces else []
    while tree:
        unit = tree.take()
        if unit is None:
            tree.give_back(*flying.pop(order.randrange(len(flying))))
            continue
        ended = toy.run(unit)
        flying.append((unit, ended.ran()))
        seen.schedules.append(tuple(node.taken for node in ended.path))
        seen.blocked += not ended.is_whole
        for casting in [(), *others] if ended.is_whole else ():
            seen_class, end = ended.seen(casting)
            seen.classes[seen_class] = seen.classes.get(seen_class, 0) + (not casting)
            seen.ends.add(end)
    seen.merged = tree.merged
    return seen
