"""Shrinks a schedule that shows a finding until nothing can be taken out of it.

A schedule is what goes on by itself, and *detours* from it: a fault strikes, another process goes on, a late step
lands. Detours are what can be taken out. Decisions are words at positions, and taking one out moves what comes after
it. So a detour is known by its place, the nth step of a process, and what is left without it is found by running from
detour to detour. A schedule is smaller with fewer faults, then with fewer detours. Whether the finding is still in it
is asked of the checkers. Never loses a finding: one that does not come again is left as it was explored.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from verify.decisions import GO_ON, actor_of, is_step, struck_kind
from verify.history.judge import find_in_phases, why_outside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.explorer.replay import Replayer
    from harness.explorer.schedule import Schedule
    from harness.explorer.search.tree import Node
    from harness.explorer.world.world import World
    from harness.subjects.contract import Subject

MOST_RUNS = 400
"""Runs for one finding at most."""

_LANDING = "landing"

_Identity = tuple[str, str, str]
"""What makes two findings the same: checker, verdict, phase."""

Place = tuple[str, int]
"""A step: its process, and how many that has taken before. Where no process can move: how many have moved so far."""


class Detour(NamedTuple):
    """Where a schedule does not go on by itself.

    Attributes:
        place: The step that is struck, or that would have been next.
        word: What is decided instead.
    """

    place: Place
    word: str

    @property
    def is_strike(self) -> bool:
        """Whether a fault strikes the step of its place."""
        return "!" in self.word

    @property
    def is_fault(self) -> bool:
        """Whether it is a fault, of that step or of the world."""
        return struck_kind(self.word) != ""


def detours_of(path: Sequence[Node]) -> list[Detour]:
    """Return the detours of a schedule. A strike at a process that was not next is two: it goes on, and is struck."""
    detours = []
    steps: Counter[str] = Counter()
    for node in path:
        first, actor = node.options[0], actor_of(node.taken)
        if actor != first:
            detours.append(Detour(_place(first, steps), actor if is_step(actor) else node.taken))
        if is_step(actor):
            if node.taken != actor:
                detours.append(Detour((actor, steps[actor]), node.taken))
            steps[actor] += 1
    return detours


def _place(first: str, steps: Counter[str]) -> Place:
    if is_step(first):
        return first, steps[first]
    return (GO_ON if first == GO_ON else _LANDING), len(steps)


def _next_detour(path: Sequence[Node], since: int, left: Sequence[Detour]) -> tuple[int, Detour] | None:
    """Return the first decision, from *since* on, at which one of the detours can be taken, and which one."""
    steps: Counter[str] = Counter()
    for at, node in enumerate(path):
        if at >= since:
            for detour in left:
                if _can_take(detour, node, steps):
                    return at, detour
        actor = actor_of(node.taken)
        if is_step(actor):
            steps[actor] += 1
    return None


def _can_take(detour: Detour, node: Node, steps: Counter[str]) -> bool:
    if detour.word not in node.options:
        return False
    if detour.is_strike:
        return node.taken == actor_of(detour.word) and (node.taken, steps[node.taken]) == detour.place
    first = node.options[0]
    return detour.word != first == node.taken and _place(first, steps) == detour.place


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """How a schedule ran, and what the checkers say of it."""

    schedule: Schedule
    path: tuple[Node, ...]
    detours: tuple[Detour, ...]
    outside: str
    sentences: dict[_Identity, str]

    @property
    def size(self) -> tuple[int, int]:
        """Faults, then detours."""
        return sum(detour.is_fault for detour in self.detours), len(self.detours)

    def shows(self, finding: dict[str, Any]) -> bool:
        """Say whether the finding is in it, and is inside the promise or outside as before."""
        return _identity(finding) in self.sentences and bool(self.outside) == bool(finding["outside"])

    def with_finding(self, schedule: Schedule, *, is_smallest: bool) -> Schedule:
        """Return how it ran as the schedule of the finding for which *schedule* was explored."""
        finding = schedule.finding
        if self.shows(finding):
            finding = {**finding, "sentence": self.sentences[_identity(finding)], "outside": self.outside}
        return replace(
            self.schedule, more_faults=0, explored=schedule.decisions, finding=finding, is_smallest=is_smallest
        )


def _identity(finding: dict[str, Any]) -> _Identity:
    return str(finding["checker"]), str(finding["verdict"]), str(finding["phase"])


class _UsedUpError(Exception):
    """There have been as many runs as there may be."""


class Shrinker:
    """Shrinks schedules of one subject on one server. As a context manager it leaves nothing behind."""

    def __init__(self, replayer: Replayer, subject: Subject) -> None:
        self._subject = subject
        self._asked: list[Schedule] = []
        # The replayer asks for a schedule when it is to run, so that it may follow from how the last one ran.
        self._worlds = replayer.run(iter(self._asked.pop, None))
        self._known: dict[tuple[object, ...], _Run] = {}
        self._left = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._worlds.close()

    def shrink(self, schedule: Schedule) -> Schedule:
        """Return a smallest schedule that shows the finding of *schedule*, which was explored, as it ran.

        One whose finding does not come again is returned as it was explored. One for which there were too few runs
        is returned as small as it came, and not called smallest.

        Raises:
            CouldNotRunError: The server cannot do what the schedule asks for.
        """
        self._left = MOST_RUNS
        best = self._run(schedule)
        is_smallest = False
        if best.shows(schedule.finding):
            try:
                best = self._without_what_follows(best, schedule)
                while (smaller := self._smaller(best, schedule)) is not None:
                    best = smaller
                is_smallest = True
            except _UsedUpError:
                pass
        return best.with_finding(schedule, is_smallest=is_smallest)

    def see(self, schedule: Schedule) -> Schedule:
        """Return *schedule*, which was explored, as it ran once more.

        Raises:
            CouldNotRunError: The server cannot do what the schedule asks for.
        """
        self._left = MOST_RUNS
        return self._run(schedule).with_finding(schedule, is_smallest=False)

    # Within.

    def _without_what_follows(self, explored: _Run, schedule: Schedule) -> _Run:
        """Leave out what goes on by itself behind the last detour."""
        cut = self._from_detour_to_detour(schedule, explored.detours)
        return cut if cut.shows(schedule.finding) and cut.size <= explored.size else explored

    def _smaller(self, best: _Run, schedule: Schedule) -> _Run | None:
        """Return a smaller schedule with the same finding; None if there is none."""
        for detours in _fewer(best):
            run = self._from_detour_to_detour(schedule, detours)
            if run.size < best.size and run.shows(schedule.finding):
                return run
        return None

    def _from_detour_to_detour(self, schedule: Schedule, detours: Sequence[Detour]) -> _Run:
        """Run what takes each of the detours where its place comes up; one whose place does not is left out."""
        faults = [detour.word for detour in detours if detour.is_fault]
        bare = replace(schedule, kinds=tuple(dict.fromkeys(map(struck_kind, faults))))
        run = self._run(replace(bare, decisions=(), more_faults=len(faults)))
        left = list(detours)
        since = 0
        while (found := _next_detour(run.path, since, left)) is not None:
            at, detour = found
            left.remove(detour)
            decisions = (*(node.taken for node in run.path[:at]), detour.word)
            run = self._run(replace(bare, decisions=decisions, more_faults=sum(each.is_fault for each in left)))
            # The step of the process that goes on instead may be the next one that is struck.
            since = at if is_step(detour.word) else at + 1
        if any(detour.is_fault for detour in left):
            return self._from_detour_to_detour(schedule, run.detours)
        return run

    def _run(self, schedule: Schedule) -> _Run:
        """Run a schedule, or recall how it ran."""
        key = (schedule.workload, schedule.kinds, schedule.decisions, schedule.more_faults)
        run = self._known.get(key)
        if run is None:
            if not self._left:
                raise _UsedUpError
            self._left -= 1
            self._asked.append(schedule)
            run = self._known[key] = self._seen(schedule, next(self._worlds))
        return run

    def _seen(self, schedule: Schedule, world: World) -> _Run:
        sentences: dict[_Identity, str] = {}
        if not (world.problem or world.stalled or world.departed):
            for finding, phase in find_in_phases(world.trace.events, self._subject.promise):
                sentences.setdefault((finding.checker, finding.verdict.value, phase), finding.sentence)
        path = tuple(world.path)
        return _Run(
            schedule=schedule.ran(world),
            path=path,
            detours=tuple(detours_of(path)),
            outside=why_outside(self._subject.outside, schedule.workload, world.trace.struck),
            sentences=sentences,
        )


def _fewer(run: _Run) -> Iterator[Sequence[Detour]]:
    """Yield the detours with which a smaller schedule may do: the first few, all but one, all but two neighbours."""
    detours = run.detours
    for kept in range(len(detours)):
        yield detours[:kept]
    for at in sorted(range(len(detours)), key=lambda at: not detours[at].is_fault):
        before, after = detours[:at], detours[at + 1 :]
        yield (*before, *after)
        follower = _follower(run.path, detours[at])
        if follower is not None:
            yield (*before, follower, *after)
    for at in range(len(detours) - 1):
        yield (*detours[:at], *detours[at + 2 :])


def _follower(path: Sequence[Node], strike: Detour) -> Detour | None:
    """Return the detour to the process that went on because the struck one could not; None where that is not so.

    Without the fault the struck process could go on, and the schedule would take another course by itself.
    """
    if not strike.is_strike:
        return None
    actor, number = strike.place
    at = [node_at for node_at, node in enumerate(path) if actor_of(node.taken) == actor][number] + 1
    if at == len(path):
        return None
    following = actor_of(path[at].taken)
    can_go_on = path[at].options[0] == actor
    return Detour((actor, number + 1), following) if is_step(following) and not can_go_on else None
