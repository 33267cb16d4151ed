"""Two faults on the reference guard come to an end, and the report says what was run once for several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.explorer.tests.exploring import NEEDS_CLOCK, explore, run_schedule
from harness.explorer.tests.probes import commands
from harness.faults.registry import select
from harness.subjects.loading import load_subject
from verify.history.events import Complete
from verify.history.judge import judge_history
from verify.history.promises import DEFAULT_PROMISE
from verify.history.words import Outcome, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.server import RedisServer


_IN_QUARANTINE = (
    "restart_losing:0 w0 w1 go-on r1 r1 r1 r1 go-on c2 c2 c2 c2 go-on r3 r3 go-on c4 c4 c4 go-on r5 r5 go-on"
)
"""The store is lost first of all: the guard does nothing before it has asked the venue for the third time."""


@NEEDS_CLOCK
@pytest.mark.parametrize("struck", ["c6!crash_after", "c6 c6 c6 c6 c6 go-on r7!reply_lost", "restart_losing:0"])
def test_rounds_are_counted_anew_after_a_fault(redis_server: RedisServer, struck: str) -> None:
    """A fault strikes when the job queue would go its last round: it goes on until the job is done."""
    decisions = (*_IN_QUARANTINE.split(), *struck.split())
    world = run_schedule(redis_server, load_subject("reference"), *decisions, workers=2)
    assert world.faults_left == 0
    answers = [event.outcome for event in world.trace.events if isinstance(event, Complete)]
    assert answers[-1] is Outcome.OK
    assert Outcome.OK not in answers[:-1]


_CLEARED_AND_RUN = (
    "restart_losing:0 w0 w0 w0 w0 w0 w1 go-on r1 r1 go-on r2 r2 go-on c3 c3 c3 c3 go-on r4 r4 go-on r5 r5 go-on "
    "c6 c6 c6 c6 c6 go-on r7 r7 r7 r7 r7 restart_losing:2"
)
"""A key is cleared for any payload, one is done under it, and the store forgets that it was begun."""


@NEEDS_CLOCK
def test_reference_knows_whose_effect_it_was_when_its_store_is_lost_twice(redis_server: RedisServer) -> None:
    """What the venue has is one intent's: the other one is told that the key is taken, and not that it was done."""
    decisions = ("w0", *_CLEARED_AND_RUN.split())
    world = run_schedule(redis_server, load_subject("reference"), *decisions, workers=2, workload="conflict")
    assert world.faults_left == 0
    assert not [found for found, promised in judge_history(world.trace.events, DEFAULT_PROMISE).findings if promised]
    answers = [(event.outcome, event.word) for event in world.trace.events if isinstance(event, Complete)]
    assert answers[-2:] == [(Outcome.OK, ""), (Outcome.FAIL, "conflict")]


@NEEDS_CLOCK
@pytest.mark.takes_long
def test_reference_holds_under_two_faults(redis_server: RedisServer, tmp_path: Path) -> None:
    """Every pair of a lost reply and a crash, with two workers, is run to the end."""
    kinds = select(["reply_lost", "crash_after"])
    explored = explore(
        redis_server, tmp_path, load_subject("reference"), workers=2, faults=2, kinds=kinds, reduces=True, merges=True
    )
    assert explored.record.exhausted
    assert explored.judge().verdict is Verdict.VALID
    assert {len(line.split("!")) - 1 for line in explored.schedules} == {0, 1, 2}


def test_report_says_that_schedules_were_merged(redis_server: RedisServer, tmp_path: Path) -> None:
    """A note names how often; with one fault there is nothing to say."""
    kinds = select(["request_lost", "error_reply:OOM"])
    two, one = (
        explore(
            redis_server, tmp_path, commands(1), workers=2, faults=faults, kinds=kinds, reduces=True, merges=True
        ).record
        for faults in (2, 1)
    )
    assert [note for note in two.notes if "came to what another one had come to" in note]
    assert not [note for note in one.notes if "came to" in note]
