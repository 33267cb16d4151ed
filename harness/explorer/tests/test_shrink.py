"""The schedule of a finding is shrunk on a real server: it shows the finding, and nothing can be taken out of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from harness.explorer.hosting import GREENLETS
from harness.explorer.plan import workloads_for
from harness.explorer.replay import Replayer
from harness.explorer.schedule import Schedule, parse_line
from harness.explorer.search.tests.neighbours import size_of, smaller_neighbours
from harness.explorer.shrink import Shrinker
from harness.explorer.target import Target
from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.faults.registry import select
from harness.subjects.broken.registry import PLANTED
from harness.subjects.loading import load_subject
from verify.decisions import faults_of
from verify.history.judge import find_in_phases

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.explorer.search.tree import Node
    from harness.explorer.world.world import World
    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Subject


@dataclass(slots=True)
class _Ran:
    path: Sequence[Node]
    shows: bool


def _run(target: Target, subject: Subject, schedule: Schedule) -> World:
    (world,) = Replayer(target, subject, GREENLETS).run([schedule])
    return world


def _shows(world: World, subject: Subject, finding: dict[str, Any]) -> bool:
    if world.departed or world.stalled or subject.is_outside(world.setting.workload, world.trace.struck):
        return False
    found = {(each.checker, phase) for each, phase in find_in_phases(world.trace.events, subject.promise)}
    return (finding["checker"], finding["phase"]) in found


def _explored(
    server: RedisServer, folder: Path, subject: Subject, *, kinds: tuple[str, ...], checker: str, reduces: bool = True
) -> Schedule:
    """Explore until *checker* finds something, and return the schedule that shows it."""
    explored = explore(
        server,
        folder,
        subject,
        workers=2,
        faults=min(1, len(kinds)),
        kinds=select(kinds) if kinds else (),
        workloads=workloads_for(subject.promise),
        reduces=reduces,
        until=checker,
    )
    found = next(each for each in explored.judge().findings if each.checker == checker and each.decides)
    workload, decisions = parse_line(found.schedule)
    return Schedule(
        subject=subject.name,
        promise=str(subject.promise),
        workload=workload,
        workers=2,
        kinds=kinds,
        redis="test",
        seed=1,
        decisions=decisions,
        finding=found.to_object(),
    )


def _shrunk(target: Target, subject: Subject, schedule: Schedule) -> Schedule:
    with Shrinker(Replayer(target, subject, GREENLETS), subject) as shrinker:
        return shrinker.shrink(schedule)


@NEEDS_CLOCK
@pytest.mark.in_turn(0)
@pytest.mark.parametrize("name", PLANTED)
def test_nothing_can_be_taken_out_of_the_schedule_of_a_planted_guard(
    name: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """It shows the finding when it is replayed; no schedule with one fault or switch less does."""
    planted, subject = PLANTED[name], load_subject(f"broken.{name}")
    schedule = _explored(redis_server, tmp_path, subject, kinds=planted.faults, checker=planted.checker)
    target = Target(redis_server, "test")
    shrunk = _shrunk(target, subject, schedule)
    assert shrunk.is_smallest
    assert shrunk.explored == schedule.decisions
    again = _run(target, subject, shrunk)
    assert _shows(again, subject, schedule.finding)
    assert size_of(again.path) <= size_of(_run(target, subject, schedule).path)

    def run(words: Sequence[str]) -> _Ran:
        kinds = tuple(dict.fromkeys(faults_of(words)))
        world = _run(target, subject, replace(shrunk, decisions=tuple(words), kinds=kinds))
        return _Ran(world.path, _shows(world, subject, schedule.finding))

    neighbours = list(smaller_neighbours(run, shrunk.decisions))
    assert not [[node.taken for node in each.path] for each in neighbours if each.shows]
    assert neighbours or size_of(again.path) == (0, 0)


def test_race_shrinks_to_one_switch(redis_server: RedisServer, tmp_path: Path) -> None:
    """Two look before either writes: the second one goes between the steps of the first one."""
    subject = load_subject("broken.get_then_set")
    schedule = _explored(redis_server, tmp_path, subject, kinds=(), checker="at_most_once", reduces=False)
    long = replace(schedule, decisions=("w0", "w1", "w1", "w1", "w0", "w0"))
    shrunk = _shrunk(Target(redis_server, "test"), subject, long)
    assert shrunk.decisions == ("w0", "w1")
    assert shrunk.finding["sentence"] == schedule.finding["sentence"]
    assert shrunk.taken[:2] == shrunk.decisions
    assert len(shrunk.steps) == len(shrunk.taken)
    assert [event["event"] for event in shrunk.events].count("landed") == 2


def test_fault_that_changes_nothing_is_taken_out(redis_server: RedisServer, tmp_path: Path) -> None:
    """What is seen without the fault is stored without it, and with its kind no more."""
    subject = load_subject("broken.claim_without_nx")
    schedule = _explored(redis_server, tmp_path, subject, kinds=("crash_before",), checker="at_most_once")
    struck = replace(schedule, decisions=("w0", "w0", "w1", "w1", "w0", "w1!crash_before"))
    shrunk = _shrunk(Target(redis_server, "test"), subject, struck)
    assert (shrunk.faults, shrunk.kinds, shrunk.is_smallest) == ((), (), True)


def test_finding_that_does_not_come_again_is_left_as_it_was_explored(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """Nothing is made up for it, and nothing is called smallest."""
    subject = load_subject("broken.get_then_set")
    schedule = _explored(redis_server, tmp_path, subject, kinds=(), checker="at_most_once")
    gone = replace(schedule, finding={**schedule.finding, "phase": "zombie"})
    shrunk = _shrunk(Target(redis_server, "test"), subject, gone)
    assert (shrunk.decisions, shrunk.is_smallest) == (schedule.decisions, False)
    assert shrunk.finding == gone.finding


@NEEDS_CLOCK
def test_clients_of_a_replay_live_at_the_time_of_their_server(redis_server: RedisServer) -> None:
    """An exploration has moved the server's clock; a guard that stamps with it is judged by a venue that agrees."""
    subject = load_subject("broken.early_not_found_is_final")
    words = "w0 w0!pause w1 r1 c2 c2 c2 c2 r3 r3 r3 w0"
    schedule = Schedule(
        subject=subject.name,
        promise=str(subject.promise),
        workload="same",
        workers=2,
        kinds=("pause",),
        redis="test",
        seed=1,
        decisions=tuple(words.split()),
    )
    target = Target(redis_server, "test")
    before = _run(target, subject, schedule).trace.events
    assert target.moved_s > 0
    assert _run(target, subject, schedule).trace.events == before
    target.advance(1_000_000.0)
    assert _run(target, subject, schedule).trace.events == before
