"""One small exploration as a test sees it: its record, its schedules, its histories, its judgement."""

from __future__ import annotations

import functools
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from harness.explorer import runner
from harness.explorer.exploration import Exploration
from harness.explorer.hosting import GREENLETS
from harness.explorer.outcome import Historian
from harness.explorer.plan import Plan
from harness.explorer.replay import Replayer
from harness.explorer.schedule import Schedule, parse_line
from harness.explorer.search.tests.toys import form_as
from harness.explorer.store import HistoryStore
from harness.explorer.target import Target, clock_is_installed
from harness.explorer.world.judged import as_judged
from harness.explorer.world.setting import castings
from verify.decisions import faults_of
from verify.history.judge import StoredHistory, judge_exploration
from verify.run_layout import EXPLORED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.explorer.hosting import Hosting
    from harness.explorer.outcome import Outcome
    from harness.explorer.search.tests.toys import Class
    from harness.explorer.world.judged import Judged
    from harness.explorer.world.trace import SeenStep
    from harness.explorer.world.world import World
    from harness.faults.kind import FaultKind
    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Subject
    from verify.history.events import Event
    from verify.history.judge import Judgement
    from verify.history.record import ExplorationRecord


NEEDS_CLOCK = pytest.mark.skipif(not clock_is_installed(), reason="the extra `clock` is not installed")


@dataclass(slots=True)
class Explored:
    """What one exploration left behind.

    Attributes:
        record: What it says of itself.
        lines: Every schedule that it ran, as stored: history, preemptions, one-line form.
        histories: The events of each distinct history, by number from 1.
        steps: The steps of the first schedule that gave each history.
        classes: The class of each schedule, and of those for which it stands where two workers have the same job.
    """

    record: ExplorationRecord
    lines: list[tuple[int, int, str]]
    histories: dict[int, tuple[Event, ...]]
    steps: dict[int, tuple[SeenStep, ...]]
    classes: set[Class]

    @property
    def schedules(self) -> list[str]:
        """The one-line form of every schedule."""
        return [line for _, _, line in self.lines]

    def judge(self) -> Judgement:
        """Return the judgement of the whole."""
        return judge_exploration(self.record, self._stored(), lambda finding: finding.schedule)

    @property
    def judged(self) -> set[Judged]:
        """Of every history, what decides how it is judged, whoever did what of two workers with the same job."""
        (workload,) = self.record.bound.workloads
        played = castings(workload, self.record.bound.workers)
        return {min(as_judged(events, casting) for casting in played) for events in self.histories.values()}

    @property
    def findings(self) -> set[tuple[str, tuple[str, ...], str]]:
        """What was found: checker, fault kinds, phase."""
        return {(each.checker, each.faults, each.phase) for each in self.judge().findings}

    def beginning(self, *decisions: str) -> list[tuple[Event, ...]]:
        """Return the distinct histories of the schedules that begin with *decisions*; there must be some."""
        numbers = dict.fromkeys(
            number for number, _, line in self.lines if parse_line(line)[1][: len(decisions)] == decisions
        )
        assert numbers, f"no schedule begins with {' '.join(decisions)}: {self.schedules}"
        return [self.histories[number] for number in numbers]

    def _stored(self) -> list[StoredHistory]:
        of_history: dict[int, list[tuple[int, int, int, str]]] = defaultdict(list)
        for number, preemptions, line in self.lines:
            faults = len(faults_of(parse_line(line)[1]))
            of_history[number].append((faults, preemptions, len(line), line))
        stored = []
        for number, events in self.histories.items():
            _, preemptions, _, line = min(of_history[number])
            stored.append(
                StoredHistory(
                    id=number,
                    events=events,
                    schedule=line,
                    faults=faults_of(parse_line(line)[1]),
                    preemptions=preemptions,
                    count=len(of_history[number]),
                ),
            )
        return stored


def _found(checker: str, outcome: Outcome) -> str:
    return "found" if outcome.history is not None and checker in outcome.history.violations else ""


def explore(
    server: RedisServer,
    folder: Path,
    subject: Subject,
    *,
    workers: int = 1,
    faults: int = 0,
    kinds: Sequence[FaultKind] = (),
    workloads: tuple[str, ...] = ("same",),
    reduces: bool = False,
    merges: bool = False,
    until: str = "",
    hosting: Hosting = GREENLETS,
) -> Explored:
    """Explore *subject* on *server*, with files below *folder*: every schedule, unless it *reduces* or *merges*.

    With *until* it stops at the first promised finding of this checker.
    """
    part = folder / f"explored{len(list(folder.iterdir()))}"
    part.mkdir()
    target = Target(server, "test")
    # Keys are named by the seed: those of an earlier exploration of the same test must be gone.
    target.clear()
    plan = Plan(
        name=subject.name,
        subject=subject,
        workers=workers,
        faults=faults,
        kinds=tuple(kinds),
        workloads=workloads,
        seed=1,
        reduces=reduces,
        merges=merges,
        hosting=hosting,
    )
    seen: dict[bytes, World] = {}
    classes: set[Class] = set()

    class Watching(Historian):
        """Keeps the first world of each history."""

        def outcome(self, world: World) -> Outcome:
            outcome = super().outcome(world)
            if outcome.history is not None:
                seen.setdefault(outcome.history.digest, world)
                classes.update(_classes_of(world))
            return outcome

    with HistoryStore(part) as store, mock.patch.object(runner, "Historian", Watching):
        record = Exploration(plan, target, store, on_history=functools.partial(_found, until)).run()
    rows = (row.split("\t") for row in (part / EXPLORED).read_text(encoding="utf-8").splitlines())
    lines = [(int(number), int(preemptions), line) for number, preemptions, line in rows]
    worlds = {number: seen[digest] for digest, number in store._known.items()}
    return Explored(
        record,
        lines,
        {number: tuple(world.trace.events) for number, world in worlds.items()},
        {number: tuple(world.trace.steps) for number, world in worlds.items()},
        classes,
    )


def _classes_of(world: World) -> set[Class]:
    """Return the class of a schedule, and of those for which it stands."""
    happened = world.trace.happened
    played = castings(world.setting.workload, world.setting.workers) if world.setting.reduces else ({},)
    touched = [event.footprint for event in happened]
    return {form_as(tuple(casting.items()), happened, touched) for casting in played}


def run_schedule(
    server: RedisServer,
    subject: Subject,
    *decisions: str,
    workers: int = 1,
    workload: str = "same",
    hosting: Hosting = GREENLETS,
) -> World:
    """Run the one schedule that begins with *decisions* and goes on undisturbed; it must have come to its end."""
    schedule = Schedule(
        subject=subject.name,
        promise=str(subject.promise),
        workload=workload,
        workers=workers,
        kinds=tuple(dict.fromkeys(faults_of(decisions))),
        redis="test",
        seed=1,
        decisions=decisions,
    )
    (world,) = Replayer(Target(server, "test"), subject, hosting).run([schedule])
    assert not world.problem, world.problem
    assert not world.stalled
    return world
