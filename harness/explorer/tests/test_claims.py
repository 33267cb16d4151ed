"""That a restart stands for a failover is said by the subject, and found out where it is not so."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from harness.explorer.claims import _went_alike
from harness.explorer.tests.exploring import explore
from harness.explorer.tests.probes import probe
from harness.faults.registry import ALL, loses_store, select
from harness.subjects.loading import load_subject
from verify.decisions import decisions_of, faults_of
from verify.history.words import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import redis

    from harness.explorer.tests.exploring import Explored
    from harness.explorer.world.world import World
    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Effect, Guard, Subject

LOSSES = ("restart_losing:1", "failover_losing:1")


def explored(
    server: RedisServer, folder: Path, subject: Subject, *kinds: str, merges: bool = True, workers: int = 1
) -> Explored:
    """Explore a subject of which two faults strike a schedule."""
    return explore(
        server, folder, subject, workers=workers, faults=2, kinds=select(kinds), reduces=merges, merges=merges
    )


def struck(whole: Explored, faults: int) -> set[tuple[str, ...]]:
    """Return how the store was lost in the schedules with so many faults."""
    return {kinds for line in whole.schedules if len(kinds := faults_of(decisions_of(line))) == faults}


def claims_once(client: redis.Redis, _lease_s: float) -> Guard:
    """Claim a key and run the effect, or do nothing."""

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        return effect(payload) if client.set(key, "claimed", nx=True) else None

    return guard


def looks_again_behind_a_failover(client: redis.Redis, _lease_s: float) -> Guard:
    """Answer the same, with one step more where the server was a replica once."""

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        claimed = client.set(key, "claimed", nx=True)
        if client.info("replication")["second_repl_offset"] != -1:
            client.get(key)
        return effect(payload) if claimed else None

    return guard


def looks_for_a_replica_that_took_over(client: redis.Redis, _lease_s: float) -> Guard:
    """Do nothing where the server was a replica once."""

    def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
        claimed = client.set(key, "claimed", nx=True)
        took_over = client.info("replication")["second_repl_offset"] != -1
        return effect(payload) if claimed and not took_over else None

    return guard


def test_restart_stands_for_failover_where_two_faults_strike(redis_server: RedisServer, tmp_path: Path) -> None:
    """With one fault each is tried; with two the restart alone, and nothing is missed that is judged."""
    subject = probe(claims_once)
    spared = explored(redis_server, tmp_path, replace(subject, losses_alike=True), *LOSSES)
    every = explored(redis_server, tmp_path, subject, *LOSSES)
    assert spared.record.nondeterministic == ""
    assert struck(spared, 1) == struck(every, 1) == {(kind,) for kind in LOSSES}
    assert struck(spared, 2) == {("restart_losing:1", "restart_losing:1")}
    assert struck(every, 2) == {(one, other) for one in LOSSES for other in LOSSES}
    assert spared.judged == every.judged
    assert [note for note in spared.record.notes if "stands for a replica" in note]
    assert not [note for note in every.record.notes if "stands for a replica" in note]


def test_failover_without_its_restart_has_nothing_that_stands_for_it(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """Kinds that lose another number of writes, or stand alone, are all tried."""
    kinds = ("restart_losing:0", "failover_losing:1")
    spared = explored(redis_server, tmp_path, replace(probe(claims_once), losses_alike=True), *kinds)
    assert ("failover_losing:1", "failover_losing:1") in struck(spared, 2)
    assert not [note for note in spared.record.notes if "stands for a replica" in note]


def test_every_combination_is_tried_where_nothing_is_spared(redis_server: RedisServer, tmp_path: Path) -> None:
    """Every schedule is every schedule, whatever the subject says."""
    whole = explored(redis_server, tmp_path, replace(probe(claims_once), losses_alike=True), *LOSSES, merges=False)
    assert struck(whole, 2) == {(one, other) for one in LOSSES for other in LOSSES}


@pytest.mark.parametrize("lies", [looks_for_a_replica_that_took_over, looks_again_behind_a_failover])
def test_guard_that_lies_about_losses_is_caught(
    lies: Callable[[redis.Redis, float], Guard], redis_server: RedisServer, tmp_path: Path
) -> None:
    """A guard that does something else behind a failover ends its exploration with the schedule that shows it."""
    subject = replace(probe(lies), losses_alike=True)
    lied = explored(redis_server, tmp_path, subject, *LOSSES)
    assert "with failovers in the place of restarts the schedule" in lied.record.nondeterministic
    assert not lied.record.exhausted
    assert lied.judge().verdict is not Verdict.VALID
    assert any(loses_store(decision) for decision in lied.record.nondeterministic.split())


@pytest.mark.parametrize(("steps", "is_caught"), [(1, False), (2, True)])
def test_one_step_more_behind_a_failover_is_caught_although_nothing_else_comes_of_it(
    steps: int, is_caught: bool
) -> None:
    """A second fault could strike there, and would be tried in schedules without it only."""
    setting = SimpleNamespace(stand_ins=[(ALL[LOSSES[0]], ALL[LOSSES[1]])])
    trace = SimpleNamespace(events=[])
    original = SimpleNamespace(setting=setting, decisions=("w0", LOSSES[0], "w0"), trace=trace)
    again = SimpleNamespace(cold_at=None, decisions=("w0", LOSSES[1], *["w0"] * steps), trace=trace)
    assert _went_alike(cast("World", original), cast("World", again)) is not is_caught


@pytest.mark.takes_long
def test_reference_says_it(redis_server: RedisServer, tmp_path: Path) -> None:
    """The reference's claim is seen to hold in the schedules that are run with both."""
    one_of_three = explored(redis_server, tmp_path, load_subject("reference"), *LOSSES)
    assert one_of_three.record.exhausted
    assert one_of_three.judge().verdict is Verdict.VALID
    assert struck(one_of_three, 2) == {("restart_losing:1", "restart_losing:1")}
