"""The core's retry policy and its guard of jobs as subjects: explored like any guard, in both gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import WrongInputError
from harness.explorer.hosting import GREENLET, PROXY, Hosting
from harness.explorer.plan import workloads_for
from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.faults.kind import Target
from harness.faults.registry import ALL, select
from harness.subjects.contract import describe_subject
from harness.subjects.loading import load_subject
from verify.history.events import Complete
from verify.history.words import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.tests.exploring import Explored
    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Subject

SHORT = load_subject("retry_policy.short")
JOBS = load_subject("retry_guard")
IN_BOTH = ("crash_after", "reply_lost")
"""Crashes and lost replies: what both gates are asked for."""


def kinds_of(subject: Subject) -> list[str]:
    """Return the kinds that the subject's promise covers, but those that lose the store."""
    kinds = [name for name, kind in ALL.items() if kind.target is not Target.STORE]
    return [name for name in kinds if not subject.is_outside("", [name])]


def assert_held(explored: Explored) -> None:
    """Assert that the exploration came to its end and found nothing."""
    judgement = explored.judge()
    assert judgement.reasons == ()
    assert [finding.sentence for finding in judgement.findings if finding.decides] == []
    assert judgement.verdict is Verdict.VALID


@NEEDS_CLOCK
@pytest.mark.takes_long
@pytest.mark.parametrize("kind", kinds_of(SHORT))
def test_the_policy_keeps_its_promise_under_every_kind(kind: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """Whatever strikes: no try too many, no cooldown shortened, and none without an end."""
    kinds, workloads = select([kind]), workloads_for(SHORT.promise)
    assert_held(
        explore(redis_server, tmp_path, SHORT, workers=2, faults=1, kinds=kinds, workloads=workloads, reduces=True)
    )


@NEEDS_CLOCK
@pytest.mark.takes_long
@pytest.mark.parametrize("kind", kinds_of(JOBS))
def test_the_guard_of_jobs_keeps_its_promise_under_every_kind(
    kind: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Whatever strikes: a job runs once, or it is in doubt."""
    kinds, workloads = select([kind]), workloads_for(JOBS.promise)
    assert_held(
        explore(redis_server, tmp_path, JOBS, workers=2, faults=1, kinds=kinds, workloads=workloads, reduces=True)
    )


@NEEDS_CLOCK
@pytest.mark.parametrize("gate", [GREENLET, PROXY])
@pytest.mark.parametrize("name", ["retry_policy.short", "retry_guard"])
def test_crashes_and_lost_replies_are_held_in_both_gates(
    name: str, gate: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """One worker that dies or is not answered, and the deliveries that follow."""
    subject = load_subject(name)
    workload = workloads_for(subject.promise)[:1]
    explored = explore(
        redis_server,
        tmp_path,
        subject,
        faults=1,
        kinds=select(IN_BOTH),
        workloads=workload,
        reduces=True,
        hosting=Hosting(gate=gate),
    )
    assert [finding.sentence for finding in explored.judge().findings if finding.decides] == []
    assert explored.record.exhausted
    assert set(explored.record.hits) == set(IN_BOTH)


@NEEDS_CLOCK
def test_the_policy_uses_up_its_tries_and_its_longest_cooldown(redis_server: RedisServer, tmp_path: Path) -> None:
    """Four tries are made, every refusal has its word, and after the last try there is none."""
    explored = explore(
        redis_server, tmp_path, load_subject("retry_policy"), workers=2, workloads=("tries",), reduces=True
    )
    assert_held(explored)
    for events in explored.histories.values():
        words = [event.word for event in events if isinstance(event, Complete)]
        assert words.count("") == 4
        assert words[-1] == "exhausted"
        assert set(words) == {"", "cooldown", "exhausted"}


@pytest.mark.parametrize("said", [None, {}, {"tries": 3}, {"attempts": 0}, {"attempts": True}, 3])
def test_terms_of_retries_that_are_none_are_refused_in_one_line(said: object) -> None:
    """Who promises a retry policy must say how often a job may be tried."""

    def make(_redis_url: str, _lease_s: float) -> object:
        raise AssertionError("nobody calls it")

    make.promise = "retry_policy"  # type: ignore[attr-defined]
    make.retries = said  # type: ignore[attr-defined]
    with pytest.raises(WrongInputError, match=r"make\.retries"):
        describe_subject("mine", lambda: make, None)  # type: ignore[return-value,arg-type]
