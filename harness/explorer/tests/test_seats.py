"""Where guards come from: no memory is shared between processes, and a claim to be reusable is never trusted."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.explorer.tests.probes import commands, probe
from harness.faults.kind import Target
from harness.faults.registry import ALL
from harness.subjects.broken.footing import InDoubtError, classify
from harness.subjects.loading import load_subject
from verify.history.words import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Effect, Guard

REMEMBERS_IN_MEMORY = '''
"""Deduplicates in a global of its module, which no two processes share."""

import redis

SEEN = {}


def make(redis_url, lease_s):
    client = redis.Redis.from_url(redis_url)

    def guard(key, payload, effect):
        client.ping()
        if key not in SEEN:
            SEEN[key] = effect(payload)
        return SEEN[key]

    return guard


make.promise = "at_most_once"
make.reusable = False
'''


@pytest.mark.parametrize("is_path", [True, False], ids=["path", "module"])
def test_processes_share_no_globals(
    is_path: bool, redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guard that deduplicates in a module global is caught: each process, recovery included, has its own."""
    source = tmp_path / "remembering.py"
    source.write_text(dedent(REMEMBERS_IN_MEMORY), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    subject = load_subject(f"{source}:make" if is_path else "remembering:make")
    explored = explore(redis_server, tmp_path, subject, workers=2)
    judgement = explored.judge()
    assert judgement.verdict is Verdict.INVALID
    (finding,) = [finding for finding in judgement.findings if finding.decides]
    assert finding.sentence == "key k0 landed 3 times (by w0, w1, r1); at most once was promised"


def test_guard_that_lies_about_being_reusable_is_caught(redis_server: RedisServer, tmp_path: Path) -> None:
    """A guard that remembers its earlier calls gives another history when it is fresh; the run ends with that."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        calls = 0

        def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
            nonlocal calls
            calls += 1
            client.incr(key)
            return effect(payload) if calls == 1 else {"calls": calls}

        return guard

    explored = explore(redis_server, tmp_path, probe(guard_of, reusable=True), workers=2)
    assert "with fresh guards the schedule" in explored.record.nondeterministic
    assert not explored.record.exhausted
    assert explored.judge().verdict is not Verdict.VALID


@NEEDS_CLOCK
def test_honest_reusable_guard_gives_the_histories_of_fresh_ones(redis_server: RedisServer, tmp_path: Path) -> None:
    """A guard that holds nothing but its client gives the same schedules and histories, reused or fresh."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
            return effect(payload) if client.set(key, "claimed", nx=True) else None

        return guard

    kinds = [kind for kind in ALL.values() if kind.target is not Target.STORE]
    reused, fresh = (
        explore(redis_server, tmp_path, probe(guard_of, reusable=reusable), workers=2, faults=1, kinds=kinds)
        for reusable in (True, False)
    )
    assert reused.record.nondeterministic == ""
    # Sampled schedules run in between, so that the order may differ; what was run and seen may not.
    assert sorted(reused.schedules) == sorted(fresh.schedules)
    assert set(map(tuple, reused.histories.values())) == set(map(tuple, fresh.histories.values()))


def test_guard_that_says_itself_that_it_is_in_doubt_serves_again_unless_a_fault_struck(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """To be in doubt is an answer, behind which nothing is open; of a guard that met a fault nobody knows that."""
    met: list[list[str]] = []

    def make(redis_url: str, _lease_s: float) -> Guard:
        client = redis.Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0))
        mine: list[str] = []
        met.append(mine)

        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> None:
            try:
                client.get(key)
                mine.append("nothing")
            except redis.RedisError:
                mine.append("a fault")
            raise InDoubtError(key)

        return guard

    make.__dict__["classify"] = classify
    subject = replace(commands(1), reusable=True, load=lambda: make)
    explore(redis_server, tmp_path, subject, workers=2, faults=1, kinds=[ALL["reply_lost"]])
    assert any(len(mine) > 1 for mine in met)
    assert any("a fault" in mine for mine in met)
    assert all("a fault" not in mine[:-1] for mine in met)


def test_two_processes_of_one_schedule_never_share_a_guard(redis_server: RedisServer, tmp_path: Path) -> None:
    """A reused guard serves another schedule, never a second process of the same one while the first one runs."""
    overlapping: list[str] = []

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        inside: list[str] = []

        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> None:
            inside.append(key)
            client.incr(key)
            overlapping.extend(inside[1:])
            inside.remove(key)

        return guard

    explore(redis_server, tmp_path, probe(guard_of, reusable=True), workers=3)
    assert overlapping == []
