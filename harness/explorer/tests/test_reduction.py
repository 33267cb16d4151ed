"""The reduction leaves nothing out: on a real server it meets the classes and the findings of every schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.explorer.tests.probes import commands, counters
from harness.explorer.tests.turns import ROUND, kinds_for
from harness.faults.registry import select
from harness.subjects.broken.registry import PLANTED
from harness.subjects.loading import load_subject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.explorer.tests.exploring import Explored
    from harness.redis_server.server import RedisServer

TWINS = ("twin.get_then_set", "twin.place_stolen", "twin.watch_lost_on_reconnect")
"""A few that are sound: of the others the planted guard is near enough."""
OF_STORE = ["failover_losing:1"]


def assert_same(full: Explored, reduced: Explored) -> None:
    """Assert that the reduced exploration met every class and every finding, and ran less."""
    assert full.record.exhausted
    assert reduced.record.exhausted
    assert reduced.classes == full.classes
    assert reduced.findings == full.findings
    assert reduced.record.schedules <= full.record.schedules


def in_full_and_reduced(
    server: RedisServer, folder: Path, name: str, kinds: Sequence[str], *, workload: str = "same", faults: int = 1
) -> tuple[Explored, Explored]:
    """Return what the exploration of every schedule met, and the reduced one, with two workers."""
    full, reduced = (
        explore(
            server,
            folder,
            load_subject(name),
            workers=2,
            faults=faults,
            kinds=select(kinds),
            workloads=(workload,),
            reduces=reduces,
        )
        for reduces in (False, True)
    )
    return full, reduced


@NEEDS_CLOCK
@pytest.mark.in_turn(2)
@pytest.mark.parametrize("name", PLANTED)
def test_reduction_meets_the_classes_and_findings_of_every_schedule(
    name: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """The reduced exploration of each planted guard finds what the full one finds."""
    assert_same(*in_full_and_reduced(redis_server, tmp_path, f"broken.{name}", kinds_for(name)))


@NEEDS_CLOCK
@pytest.mark.parametrize("name", TWINS)
def test_reduction_leaves_nothing_of_a_sound_guard_out(name: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """The same of a few that keep their promise."""
    assert_same(*in_full_and_reduced(redis_server, tmp_path, name, kinds_for(name.partition(".")[2])))


def test_every_kind_takes_its_turn() -> None:
    """No fault kind is compared with nothing."""
    assert {kind for name in PLANTED for kind in kinds_for(name)} >= set(ROUND)


@pytest.mark.takes_long
@pytest.mark.parametrize(
    ("name", "kind", "workload"),
    [
        ("broken.claim_without_nx", OF_STORE[0], "same"),
        # Which of two keys was written last decides which write is lost.
        ("broken.get_then_set", "restart_losing:1", "neighbours"),
    ],
)
def test_losing_the_store_is_reduced_soundly(
    name: str, kind: str, workload: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """A store that is lost conflicts with every command, and with no effect; its last write, with every other."""
    full, reduced = in_full_and_reduced(redis_server, tmp_path, name, [kind], workload=workload)
    assert_same(full, reduced)
    assert reduced.judged == full.judged
    assert reduced.record.schedules < full.record.schedules


def test_what_is_done_for_two_keys_trades_places(redis_server: RedisServer, tmp_path: Path) -> None:
    """Workers that share nothing are run in one order; where one of them crashes, the other goes on as it would."""
    kinds = ["crash_after", "reply_lost"]
    for faults, alone in ((0, 1), (1, 23)):
        full, reduced = in_full_and_reduced(
            redis_server, tmp_path, "broken.get_then_set", kinds, workload="neighbours", faults=faults
        )
        assert_same(full, reduced)
        assert reduced.judged == full.judged
        assert reduced.record.schedules == alone


@pytest.mark.takes_long
def test_an_eviction_is_tried_before_and_behind_a_write_that_is_lost(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """A key that was evicted behind the last write that is kept is there again; one that was before is not."""
    lost = explore(
        redis_server,
        tmp_path,
        counters("a", "b"),
        workers=1,
        faults=2,
        kinds=select(["evict", "restart_losing:1"]),
        reduces=True,
    )
    assert lost.beginning("w0", "evict(k0:a)", "w0", "restart_losing:1")
    assert lost.beginning("w0", "w0", "evict(k0:a)", "restart_losing:1")


@pytest.mark.takes_long
def test_only_schedules_that_lose_writes_are_run_in_every_order_of_writes(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """The others are explored apart, as if no write could be lost; nothing is run in both parts."""
    crash, loss = "crash_after", "restart_losing:1"
    alone, both = (
        explore(
            redis_server,
            tmp_path,
            load_subject("broken.get_then_set"),
            workers=2,
            faults=1,
            kinds=select(kinds),
            workloads=("neighbours",),
            reduces=True,
        )
        for kinds in ([crash], [crash, loss])
    )
    assert sorted(line for line in both.schedules if loss not in line) == sorted(alone.schedules)
    assert any(loss in line for line in both.schedules)
    assert len(set(both.schedules)) == len(both.schedules)


@pytest.mark.takes_long
def test_two_faults_are_reduced_soundly(redis_server: RedisServer, tmp_path: Path) -> None:
    """Also where a second fault strikes, in recovery or beside the first."""
    kinds = select(["reply_lost", "late_request", "crash_after", "evict"])
    full, reduced = (
        explore(redis_server, tmp_path, commands(1), workers=2, faults=2, kinds=kinds, reduces=reduces)
        for reduces in (False, True)
    )
    assert_same(full, reduced)


@NEEDS_CLOCK
@pytest.mark.parametrize(
    "kinds",
    [
        ["request_lost", "error_reply:OOM", "evict"],
        pytest.param(["late_request", "advance", "pause"], marks=pytest.mark.takes_long),
    ],
)
def test_what_came_to_the_same_is_gone_on_from_once(
    kinds: list[str], redis_server: RedisServer, tmp_path: Path
) -> None:
    """Two faults: what the full exploration judges is judged, but for the names of the faults."""
    subject = commands(1)
    full, apart, merged = (
        explore(
            redis_server, tmp_path, subject, workers=2, faults=2, kinds=select(kinds), reduces=reduces, merges=merges
        )
        for reduces, merges in ((False, False), (True, False), (True, True))
    )
    assert merged.record.exhausted
    assert merged.judged == apart.judged == full.judged
    assert merged.record.schedules < apart.record.schedules < full.record.schedules


@NEEDS_CLOCK
@pytest.mark.takes_long
@pytest.mark.parametrize(
    ("name", "kinds", "workers"),
    [
        ("broken.get_then_set", ["request_lost"], 2),
        ("twin.get_then_set", ["request_lost"], 2),
        ("broken.get_then_set", [*OF_STORE, "request_lost"], 1),
        ("broken.get_then_set", ["restart_losing:1", "evict"], 1),
    ],
)
def test_two_faults_on_a_guard_are_merged_soundly(
    name: str, kinds: list[str], workers: int, redis_server: RedisServer, tmp_path: Path
) -> None:
    """The same of a planted guard and of its twin, with what the checkers find; also where the store is lost."""
    full, merged = (
        explore(
            redis_server,
            tmp_path,
            load_subject(name),
            workers=workers,
            faults=2,
            kinds=select(kinds),
            reduces=merges,
            merges=merges,
        )
        for merges in (False, True)
    )
    assert merged.judged == full.judged
    assert {(checker, phase) for checker, _, phase in merged.findings} == {
        (checker, phase) for checker, _, phase in full.findings
    }
    assert merged.record.schedules < full.record.schedules


def test_crash_before_a_command_is_the_crash_after_the_one_before(redis_server: RedisServer, tmp_path: Path) -> None:
    """The full exploration finds nothing under the crashes that the reduced one leaves out."""
    subject = load_subject("broken.lease_as_ttl")
    kinds = select(["crash_before", "crash_after"])
    full, reduced = (
        explore(redis_server, tmp_path, subject, workers=2, faults=1, kinds=kinds, reduces=reduces)
        for reduces in (False, True)
    )
    left_out = set(full.record.applicable["crash_before"]) - set(reduced.record.applicable["crash_before"])
    assert left_out
    assert {checker for checker, _, _ in full.findings} == {checker for checker, _, _ in reduced.findings}
