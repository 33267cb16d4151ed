"""The enumeration is exact: every schedule of the bound, each once, and each gives the same history again."""

from __future__ import annotations

from itertools import permutations
from math import comb, factorial
from typing import TYPE_CHECKING

import pytest

from harness.explorer.hosting import GREENLETS
from harness.explorer.replay import Replayer
from harness.explorer.schedule import Schedule, parse_line
from harness.explorer.target import Target
from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.explorer.tests.probes import commands
from harness.faults.registry import ALL
from harness.subjects.loading import load_subject

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.server import RedisServer

KINDS_OF_A_REPLAY = ("reply_lost", "late_request", "crash_after", "effect_late", "pause", "advance")


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_two_processes_give_every_interleaving(steps: int, redis_server: RedisServer, tmp_path: Path) -> None:
    """Two processes of n steps are interleaved in (2n over n) ways; one process of redelivery adds no choice."""
    explored = explore(redis_server, tmp_path, commands(steps), workers=2)
    assert len(explored.schedules) == explored.record.schedules == comb(2 * steps, steps)
    assert len(set(explored.schedules)) == len(explored.schedules)
    interleavings = {parse_line(line)[1][: 2 * steps] for line in explored.schedules}
    assert interleavings == set(permutations(("w0",) * steps + ("w1",) * steps))
    assert explored.record.exhausted


def test_three_processes_give_every_interleaving(redis_server: RedisServer, tmp_path: Path) -> None:
    """Three processes of two steps are interleaved in 6! / (2! 2! 2!) ways."""
    explored = explore(redis_server, tmp_path, commands(2), workers=3)
    assert len(set(explored.schedules)) == explored.record.schedules == factorial(6) // 2**3


@pytest.mark.parametrize("steps", [1, 3])
def test_one_fault_strikes_every_step_once(steps: int, redis_server: RedisServer, tmp_path: Path) -> None:
    """One process and its redelivery take n steps each: one schedule without a fault, 2n with one."""
    explored = explore(redis_server, tmp_path, commands(steps), faults=1, kinds=[ALL["request_lost"]])
    assert len(set(explored.schedules)) == explored.record.schedules == 1 + 2 * steps
    places = [
        (line.count("w0", 0, line.find("!")), line.count("r1", 0, line.find("!"))) for line in explored.schedules
    ]
    struck = {place for place, line in zip(places, explored.schedules, strict=True) if "!" in line}
    assert struck == {(n, 0) for n in range(1, steps + 1)} | {(steps, n) for n in range(1, steps + 1)}


def test_two_faults_strike_every_pair_of_steps(redis_server: RedisServer, tmp_path: Path) -> None:
    """Of four steps two are struck in (4 over 2) ways, after the schedules with one fault and with none."""
    explored = explore(redis_server, tmp_path, commands(2), faults=2, kinds=[ALL["request_lost"]])
    assert len(set(explored.schedules)) == explored.record.schedules == 1 + 4 + comb(4, 2)
    assert [line.count("!") for line in explored.schedules] == [0] + [1] * 4 + [2] * 6


def test_two_kinds_strike_every_step_each(redis_server: RedisServer, tmp_path: Path) -> None:
    """Two processes of one step, one fault of two kinds: two orders, and each of three steps struck by each kind."""
    kinds = [ALL["request_lost"], ALL["reply_lost"]]
    explored = explore(redis_server, tmp_path, commands(1), workers=2, faults=1, kinds=kinds)
    assert len(set(explored.schedules)) == explored.record.schedules == 2 + 2 * 3 * len(kinds)


def test_each_workload_is_explored_by_itself(redis_server: RedisServer, tmp_path: Path) -> None:
    """With two payloads both are redelivered, in one order, so that the count of interleavings stays."""
    explored = explore(redis_server, tmp_path, commands(2), workers=2, workloads=("same", "conflict"))
    assert [line.partition(":")[0] for line in explored.schedules] == ["same"] * 6 + ["conflict"] * 6
    assert all(line.endswith(" r1 r1 r2 r2") for line in explored.schedules[6:])


@NEEDS_CLOCK
def test_second_exploration_gives_the_same_histories(redis_server: RedisServer, tmp_path: Path) -> None:
    """The same plan gives the same schedules in the same order, with the same histories."""
    subject = load_subject("twin.get_then_set")
    kinds = [ALL[kind] for kind in KINDS_OF_A_REPLAY]
    first = explore(redis_server, tmp_path, subject, workers=2, faults=1, kinds=kinds)
    second = explore(redis_server, tmp_path, subject, workers=2, faults=1, kinds=kinds)
    assert first.lines == second.lines
    assert first.histories == second.histories


@NEEDS_CLOCK
def test_replayed_schedule_gives_its_history_twice(redis_server: RedisServer, tmp_path: Path) -> None:
    """Every explored schedule, run again by itself from its one-line form, gives the history that is stored."""
    subject = load_subject("twin.get_then_set")
    kinds = [ALL[kind] for kind in KINDS_OF_A_REPLAY]
    explored = explore(redis_server, tmp_path, subject, workers=2, faults=1, kinds=kinds)
    schedules = [
        Schedule(
            subject=subject.name,
            promise=subject.promise,
            workload=parse_line(line)[0],
            workers=2,
            kinds=KINDS_OF_A_REPLAY,
            redis="test",
            seed=2,
            decisions=parse_line(line)[1],
        )
        for line in explored.schedules[::7]
    ]
    for _ in range(2):
        worlds = list(Replayer(Target(redis_server, "test"), subject, GREENLETS).run(schedules))
        stored = [explored.histories[number] for number, _, _ in explored.lines[::7]]
        assert [tuple(world.trace.events) for world in worlds] == stored
        assert [world.decisions for world in worlds] == [schedule.decisions for schedule in schedules]
