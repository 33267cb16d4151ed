"""Takes out of a schedule what it does not need, until nothing can be taken out.

A schedule is what goes on by itself, and *detours* from it: a fault strikes, another process goes on, a late step
lands. Detours are what can be taken out. Decisions are words at positions, and taking one out moves what comes after
it. So a detour is known by its place, the nth step of a process, and what is left without it is found by running from
detour to detour. A schedule is smaller with fewer faults, then with fewer detours. Runs nothing itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from verify.decisions import GO_ON, actor_of, is_step, struck_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.explorer.search.tree import Node

MOST_RUNS = 400
"""Runs for one finding at most. Those of the box take under 20."""

_LANDING = "landing"

Place = tuple[str, int]
"""A step: its process, and how many that has taken before. Where no process can move: how many have moved so far."""


@dataclass(frozen=True, slots=True)
class Course:
    """What is asked to be run.

    Attributes:
        decisions: What is decided; after that everybody goes on by themselves.
        kinds: The fault kinds that can be decided.
        more_faults: Faults that could strike behind the decisions.
    """

    decisions: tuple[str, ...]
    kinds: tuple[str, ...]
    more_faults: int = 0


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


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a course ran.

    Attributes:
        course: What was asked for.
        path: Its decisions.
        shows: Whether it shows what is looked for.
        detours: Its detours.
    """

    course: Course
    path: Sequence[Node]
    shows: bool
    detours: Sequence[Detour] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "detours", tuple(detours_of(self.path)))

    @property
    def size(self) -> tuple[int, int]:
        """Faults, then detours."""
        return sum(detour.is_fault for detour in self.detours), len(self.detours)


Run = Callable[[Course], Attempt]


class _UsedUpError(Exception):
    """There have been as many runs as there may be."""


def shrink(run: Run, explored: Course, most_runs: int = MOST_RUNS) -> tuple[Attempt, bool]:
    """Return the smallest schedule that shows what *explored* shows, and whether nothing can be taken out of it.

    What does not show it, run again, comes back as it is. After *most_runs* the smallest so far comes back.
    """
    return _Shrinking(run, most_runs).shrink(explored)


class _Shrinking:
    def __init__(self, run: Run, left: int) -> None:
        self._run_once = run
        self._left = left
        self._known: dict[Course, Attempt] = {}

    def shrink(self, explored: Course) -> tuple[Attempt, bool]:
        best = self._run(explored)
        if not best.shows:
            return best, False
        try:
            best = self._without_what_follows(best)
            while (smaller := self._smaller(best)) is not None:
                best = smaller
        except _UsedUpError:
            return best, False
        return best, True

    def _run(self, course: Course) -> Attempt:
        attempt = self._known.get(course)
        if attempt is None:
            if not self._left:
                raise _UsedUpError
            self._left -= 1
            attempt = self._known[course] = self._run_once(course)
        return attempt

    def _without_what_follows(self, explored: Attempt) -> Attempt:
        """Leave out what goes on by itself behind the last detour."""
        cut = self._from_detour_to_detour(explored.detours)
        return cut if cut.shows and cut.size <= explored.size else explored

    def _smaller(self, best: Attempt) -> Attempt | None:
        """Return a smaller schedule that shows it too; None if there is none."""
        for attempt in self._smaller_ones(best):
            if attempt.size < best.size and attempt.shows:
                return attempt
        return None

    def _smaller_ones(self, best: Attempt) -> Iterator[Attempt]:
        """Yield what is left without some detours, where those that stay come up again, and where they are."""
        for detours in _fewer(best):
            yield self._from_detour_to_detour(detours)
        for words in _edited(best):
            yield self._word_by_word(words)

    def _word_by_word(self, words: tuple[str, ...]) -> Attempt:
        """Run what decides these words, without those that cannot be decided when it is their turn."""
        while True:
            kinds = tuple(dict.fromkeys(filter(None, map(struck_kind, words))))
            attempt = self._run(Course(words, kinds))
            done = len(attempt.path)
            if done >= len(words):
                return attempt
            words = (*words[:done], *words[done + 1 :])

    def _from_detour_to_detour(self, detours: Sequence[Detour]) -> Attempt:
        """Run what takes each of the detours where its place comes up; one whose place does not is left out."""
        faults = [detour.word for detour in detours if detour.is_fault]
        kinds = tuple(dict.fromkeys(map(struck_kind, faults)))
        attempt = self._run(Course((), kinds, len(faults)))
        left = list(detours)
        since = 0
        while (found := _next_detour(attempt.path, since, left)) is not None:
            at, detour = found
            left.remove(detour)
            decisions = (*(node.taken for node in attempt.path[:at]), detour.word)
            attempt = self._run(Course(decisions, kinds, sum(each.is_fault for each in left)))
            # The step of the process that goes on instead may be the next one that is struck.
            since = at if is_step(detour.word) else at + 1
        if any(detour.is_fault for detour in left):
            return self._from_detour_to_detour(attempt.detours)
        return attempt


def _fewer(attempt: Attempt) -> Iterator[Sequence[Detour]]:
    """Yield the detours with which a smaller schedule may do: the first few, all but one, all but two neighbours."""
    detours = attempt.detours
    for kept in range(len(detours)):
        yield detours[:kept]
    for at in sorted(range(len(detours)), key=lambda at: not detours[at].is_fault):
        yield (*detours[:at], *detours[at + 1 :])
    for at in range(len(detours) - 1):
        yield (*detours[:at], *detours[at + 2 :])


def _edited(attempt: Attempt) -> Iterator[tuple[str, ...]]:
    """Yield the decisions with one that was no matter of course undone, or left out, and the others as they are."""
    words = tuple(node.taken for node in attempt.path[: len(attempt.course.decisions)])
    for at, node in enumerate(attempt.path[: len(words)]):
        by_itself, actor = node.options[0], actor_of(node.taken)
        if node.taken != by_itself:
            undone = actor if is_step(actor) and node.taken != actor else by_itself
            yield (*words[:at], undone, *words[at + 1 :])
            yield (*words[:at], *words[at + 1 :])
