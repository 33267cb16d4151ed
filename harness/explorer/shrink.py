"""Shrinks the schedule of a finding on a real server until nothing can be taken out of it.

Whether the finding is still in a schedule is asked of the checkers. Never loses a finding: one that does not come
again is left as it was explored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from harness.explorer.search.shrinking import Attempt, Course, shrink
from verify.history.judge import find_in_phases, why_outside

if TYPE_CHECKING:
    from harness.explorer.replay import Replayer
    from harness.explorer.schedule import Schedule
    from harness.explorer.search.tree import Node
    from harness.explorer.world.world import World
    from harness.subjects.contract import Subject

_Identity = tuple[str, str, str]
"""What makes two findings the same: checker, verdict, phase."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """How a schedule ran, and what the checkers say of it."""

    schedule: Schedule
    path: tuple[Node, ...]
    outside: str
    sentences: dict[_Identity, str]

    def shows(self, finding: dict[str, Any]) -> bool:
        """Say whether the finding is in it, and is inside the promise or outside as before."""
        return _identity(finding) in self.sentences and bool(self.outside) == bool(finding["outside"])

    def of(self, explored: Schedule, *, is_smallest: bool) -> Schedule:
        """Return how it ran as the schedule of the finding that *explored* was stored for."""
        finding = explored.finding
        if self.shows(finding):
            finding = {**finding, "sentence": self.sentences[_identity(finding)], "outside": self.outside}
        return replace(
            self.schedule, more_faults=0, explored=explored.decisions, finding=finding, is_smallest=is_smallest
        )


def _identity(finding: dict[str, Any]) -> _Identity:
    return str(finding["checker"]), str(finding["verdict"]), str(finding["phase"])


class Shrinker:
    """Shrinks schedules of one subject on one server. As a context manager it leaves nothing behind."""

    def __init__(self, replayer: Replayer, subject: Subject) -> None:
        self._subject = subject
        self._asked: list[Schedule] = []
        # The replayer asks for a schedule when it is to run, so that it may follow from how the last one ran.
        self._worlds = replayer.run(iter(self._asked.pop, None))
        self._known: dict[tuple[str, Course], _Seen] = {}

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

        def run(course: Course) -> Attempt:
            seen = self._run(schedule, course)
            return Attempt(course, seen.path, seen.shows(schedule.finding))

        best, is_smallest = shrink(run, Course(schedule.decisions, schedule.kinds))
        return self._run(schedule, best.course).of(schedule, is_smallest=is_smallest)

    def see(self, schedule: Schedule) -> Schedule:
        """Return *schedule*, which was explored, as it ran once more.

        Raises:
            CouldNotRunError: The server cannot do what the schedule asks for.
        """
        return self._run(schedule, Course(schedule.decisions, schedule.kinds)).of(schedule, is_smallest=False)

    # Within.

    def _run(self, schedule: Schedule, course: Course) -> _Seen:
        """Run a course in the circumstances of *schedule*, or recall how it ran."""
        seen = self._known.get((schedule.workload, course))
        if seen is None:
            asked = replace(schedule, decisions=course.decisions, kinds=course.kinds, more_faults=course.more_faults)
            self._asked.append(asked)
            seen = self._known[schedule.workload, course] = self._judged(asked, next(self._worlds))
        return seen

    def _judged(self, schedule: Schedule, world: World) -> _Seen:
        sentences: dict[_Identity, str] = {}
        if not (world.problem or world.stalled or world.departed):
            for finding, phase in find_in_phases(world.trace.events, self._subject.promise):
                sentences.setdefault((finding.checker, finding.verdict.value, phase), finding.sentence)
        outside = why_outside(self._subject.outside, schedule.workload, world.trace.struck)
        return _Seen(schedule.ran(world), tuple(world.path), outside, sentences)
