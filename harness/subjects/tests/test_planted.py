"""Every planted guard is caught by the checker that must catch it, and its twin without the bug passes."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.explorer.plan import workloads_for
from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.faults.kind import Target
from harness.faults.registry import ALL, select
from harness.subjects import broken
from harness.subjects.box import BOX
from harness.subjects.broken.registry import PLANTED
from harness.subjects.loading import load_subject
from verify.history.judge import instrument_row
from verify.history.words import Verdict

if TYPE_CHECKING:
    from harness.explorer.tests.exploring import Explored
    from harness.faults.kind import FaultKind
    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Subject

MUST_BE_THERE = {
    "blind_client_retry",
    "del_without_token",
    "delete_on_any_exception",
    "done_mark_without_token",
    "get_then_set",
    "lease_as_ttl",
}
CHECKERS_WITH_A_BUG = {
    "at_most_once",
    "attempts_limit",
    "closes_again",
    "conflict",
    "cooldown_kept",
    "fence_order",
    "mutual_exclusion",
    "nothing_lost",
    "open_refuses",
    "probe_limit",
    "replay_equality",
    "retry_given",
    "truthful_outcome",
    "usefulness",
}
LIMITS_ARE_THE_BUG = "limits_unsaid"
LOSING = ("setnx_then_expire", "takeover_of_started")
IN_TURN = 1
TWO_WORKERS: dict[str, Any] = {"workers": 2, "faults": 1, "reduces": True}


def workloads(subject: Subject) -> tuple[str, ...]:
    """Return the workloads that the subject's promise covers."""
    return tuple(workload for workload in workloads_for(subject.promise) if workload not in subject.outside)


@NEEDS_CLOCK
@pytest.mark.in_turn(1, 3, 5)
@pytest.mark.parametrize("name", PLANTED)
def test_planted_guard_is_caught_by_the_checker_that_must_catch_it(
    name: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """With the faults of its smallest schedule the guard is INVALID by the named checker, inside its promise."""
    planted = PLANTED[name]
    subject = load_subject(f"broken.{name}")
    explored = explore(
        redis_server,
        tmp_path,
        subject,
        workers=2,
        faults=len(planted.faults),
        kinds=select(planted.faults),
        workloads=workloads(subject),
        reduces=True,
    )
    judgement = explored.judge()
    row = instrument_row(judgement, checker=planted.checker)
    assert row.ok, f"expected {row.expected}, seen {row.seen}: {judgement.reasons}"
    caught_with = {f.faults for f in judgement.findings if f.decides and f.checker == planted.checker}
    assert min(caught_with, key=len) == planted.faults


def promised_kinds(subject: Subject, *, of_store: bool) -> list[FaultKind]:
    """Return the fault kinds that the subject's promise covers, those that lose the store or the others."""
    return [
        kind
        for kind in ALL.values()
        if (kind.target is Target.STORE) is of_store and not subject.is_outside("", [kind.name])
    ]


def kinds_in_turn(name: str, subject: Subject) -> list[str]:
    """Return the kinds under which the planted guard is caught, and the next few of those that its promise covers."""
    promised = [kind.name for kind in promised_kinds(subject, of_store=False)]
    first = list(PLANTED).index(name) * IN_TURN
    return sorted({*PLANTED[name].faults, *(promised[(first + more) % len(promised)] for more in range(IN_TURN))})


def test_every_promised_kind_takes_its_turn() -> None:
    """Among all twins no kind is left out."""
    taken = {kind for name in PLANTED for kind in kinds_in_turn(name, load_subject(f"twin.{name}"))}
    promised = {
        kind.name for name in PLANTED for kind in promised_kinds(load_subject(f"twin.{name}"), of_store=False)
    }
    assert taken >= promised


@NEEDS_CLOCK
@pytest.mark.in_turn(0)
@pytest.mark.parametrize("name", PLANTED)
def test_twin_without_the_bug_keeps_its_promise(name: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """The same guard without the bug is VALID where the bug was caught, and under faults of other kinds in turn.

    `stormproof selftest --kinds all` takes all kinds for every twin.
    """
    subject = load_subject(f"twin.{name}")
    kinds = select(kinds_in_turn(name, subject))
    assert_held(explore(redis_server, tmp_path, subject, **TWO_WORKERS, kinds=kinds, workloads=workloads(subject)))


@pytest.mark.takes_long
@pytest.mark.in_turn(1)
@pytest.mark.parametrize("name", LOSING)
def test_twin_keeps_its_promise_where_the_server_comes_back(
    name: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """A server that starts again, or a replica that takes over, with nothing lost: a few twins, for it takes long."""
    subject = load_subject(f"twin.{name}")
    kinds = promised_kinds(subject, of_store=True)
    assert {kind.name for kind in kinds} == {"restart_losing:0", "failover_losing:0"}
    assert_held(
        explore(
            redis_server, tmp_path, subject, **TWO_WORKERS, kinds=kinds, workloads=workloads_for(subject.promise)[:1]
        )
    )


def assert_held(explored: Explored) -> None:
    """Assert that the exploration came to its end and found nothing."""
    judgement = explored.judge()
    assert judgement.reasons == ()
    assert [finding.sentence for finding in judgement.findings if finding.decides] == []
    assert judgement.verdict is Verdict.VALID
    assert explored.record.exhausted


@pytest.mark.parametrize("name", PLANTED)
def test_twin_promises_what_the_planted_guard_promises(name: str) -> None:
    """The bug is the only difference: promise, limits and reuse are the same, unless that is the bug."""
    planted, twin = load_subject(f"broken.{name}"), load_subject(f"twin.{name}")
    assert (planted.promise, planted.reusable) == (twin.promise, twin.reusable)
    assert (planted.outside == twin.outside) is (name != LIMITS_ARE_THE_BUG)


def test_registry_holds_every_planted_file_in_order() -> None:
    """A file of the folder that assigns PLANTED is in the registry and, with its twin, in the box."""
    files = sorted(path for folder in broken.__path__ for path in Path(folder).glob("*.py"))
    assigning = [path.stem for path in files if _assigns_planted(path)]
    assert list(PLANTED) == assigning
    assert {f"{kind}.{name}" for kind in ("broken", "twin") for name in assigning} < set(BOX)


def test_planted_guards_cover_the_classic_mistakes_and_the_checkers() -> None:
    """The six classic mistakes are planted, and each checker of what a guard does has a bug of its own."""
    assert set(PLANTED) >= MUST_BE_THERE
    assert len(PLANTED) >= 20
    assert all(planted.bug and planted.cure and planted.origin for planted in PLANTED.values())
    assert {planted.checker for planted in PLANTED.values()} == CHECKERS_WITH_A_BUG


def _assigns_planted(path: Path) -> bool:
    """Say whether the module assigns a ``Planted(...)`` to PLANTED."""
    return any(
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and any(isinstance(target, ast.Name) and target.id == "PLANTED" for target in node.targets)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
    )
