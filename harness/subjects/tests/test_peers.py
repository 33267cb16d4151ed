"""Every third-party guard is found, loads, and does what its authors say and what is known of it."""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
import threading
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from redis.exceptions import LockError

from harness.errors import WrongInputError
from harness.explorer.plan import workloads_for
from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.faults.registry import ALL, FAMILIES, select
from harness.subjects import peers
from harness.subjects.box import BOX
from harness.subjects.contract import classify
from harness.subjects.loading import load_subject
from harness.subjects.peers.registry import PEERS
from verify.history.events import Complete
from verify.history.promises import Promise
from verify.history.words import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.redis_server.server import RedisServer

LEASE_S = 30.0
RECEIPT = {"receipt_id": "k0/1"}
STORIES = ("server_killed",)
"""Fault kinds of the stories, which the harness may not import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """What is known to go wrong.

    Attributes:
        peer: Name of the guard.
        checker: The checker that says so.
        under: The fault kind; empty where it takes none.
        workload: Where it is seen.
        decides: Its promise covers it.
        until: The last version in which it was seen; empty where it follows from the design.
    """

    peer: str
    checker: str
    under: str = ""
    workload: str = "same"
    decides: bool = False
    until: str = ""


HARMS = [
    Harm(peer="powertools", checker="at_most_once", under="effect_reply_lost"),
    Harm(peer="powertools", checker="at_most_once", under="crash_after"),
    Harm(peer="powertools", checker="at_most_once", under="advance"),
    Harm(peer="powertools", checker="at_most_once", under="request_lost"),
    Harm(peer="powertools", checker="truthful_outcome", workload="conflict"),
    Harm(peer="powertools_validated", checker="at_most_once", under="crash_after"),
    Harm(peer="powertools_validated", checker="usefulness", decides=True, until="3.37"),
    Harm(peer="python_redis_lock", checker="mutual_exclusion", under="advance"),
    Harm(peer="python_redis_lock", checker="mutual_exclusion", under="pause"),
    Harm(peer="python_redis_lock", checker="at_most_once"),
    Harm(peer="redis_lock", checker="mutual_exclusion", under="advance"),
    Harm(peer="redis_lock", checker="mutual_exclusion", under="pause"),
    Harm(peer="redis_lock", checker="at_most_once"),
]


def needs(name: str) -> None:
    """Skip the test where the package of the guard is not installed."""
    if not PEERS[name].is_installed:
        pytest.skip(f"{PEERS[name].package} is not installed: it comes with the extra `peers`")


def said(harm: Harm) -> str:
    """Return the name of the test of one harm."""
    return f"{harm.peer}: {harm.checker} under {harm.under or 'no fault'}"


@pytest.mark.in_turn(0)
@NEEDS_CLOCK
@pytest.mark.parametrize("harm", HARMS, ids=said)
def test_known_harm_is_found(harm: Harm, redis_server: RedisServer, tmp_path: Path) -> None:
    """The named checker sees it, inside or outside the promise as the authors' words have it."""
    needs(harm.peer)
    version = metadata.version(PEERS[harm.peer].package)
    if harm.until and _numbers(version)[:2] > _numbers(harm.until):
        pytest.skip(f"seen up to {harm.until} and not looked for in {version}: a later version may have mended it")
    explored = explore(
        redis_server,
        tmp_path,
        load_subject(f"peer.{harm.peer}"),
        workers=2,
        faults=1 if harm.under else 0,
        kinds=select([harm.under] if harm.under else []),
        workloads=(harm.workload,),
    )
    under = (harm.under,) if harm.under else ()
    seen = {f.decides for f in explored.judge().findings if f.checker == harm.checker and f.faults == under}
    assert seen == {harm.decides}


@pytest.mark.takes_long
@NEEDS_CLOCK
@pytest.mark.parametrize("name", ["celery_once", "celery_singleton"])
def test_task_runs_beside_itself_only_when_its_lock_has_ended(
    name: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """A lost reply lets no second one in; the end of the lock does, as its authors say."""
    needs(name)
    subject, kinds = load_subject(f"peer.{name}"), select(["reply_lost", "advance"])
    explored = explore(redis_server, tmp_path, subject, workers=2, faults=1, kinds=kinds, reduces=True)
    judgement = explored.judge()
    assert judgement.verdict is Verdict.VALID, judgement.reasons
    beside = {(f.faults, bool(f.outside)) for f in judgement.findings if f.checker == "mutual_exclusion"}
    assert beside == {(("advance",), True)}


@pytest.mark.takes_long
@NEEDS_CLOCK
@pytest.mark.parametrize("name", ["python_redis_lock", "redis_lock"])
def test_lock_excludes_under_faults_inside_its_promise(name: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """Lost replies, crashes and late effects never let two processes in; who is turned away is told so."""
    needs(name)
    subject = load_subject(f"peer.{name}")
    kinds = select(["reply_lost", "crash_after", "effect_late"])
    explored = explore(redis_server, tmp_path, subject, workers=2, faults=1, kinds=kinds)
    assert explored.judge().verdict is Verdict.VALID
    answers = {event for events in explored.histories.values() for event in events if isinstance(event, Complete)}
    assert {(each.outcome, each.word) for each in answers} >= {(Outcome.OK, ""), (Outcome.FAIL, "in_progress")}


@NEEDS_CLOCK
def test_validation_turns_another_payload_away(redis_server: RedisServer, tmp_path: Path) -> None:
    """With the payload validated, the second payload of a key is a conflict and lands nothing."""
    needs("powertools_validated")
    subject = load_subject("peer.powertools_validated")
    explored = explore(redis_server, tmp_path, subject, workers=2, workloads=("conflict",))
    answers = {event for events in explored.histories.values() for event in events if isinstance(event, Complete)}
    assert (Outcome.FAIL, "conflict") in {(each.outcome, each.word) for each in answers}
    assert not {"truthful_outcome", "conflict"} & {finding.checker for finding in explored.judge().findings}


def test_asynchronous_lock_excludes(redis_server: RedisServer) -> None:
    """Who asks while the lock is held is turned away; afterwards the effect runs and its receipt comes back."""
    make = load_subject("peer.redis_lock_async").load()
    holder = load_subject("peer.redis_lock").load()(redis_server.url, LEASE_S)
    answers = []

    def ask() -> Any:
        return asyncio.run(make(redis_server.url, LEASE_S)("k0", {}, lambda _payload: RECEIPT))

    def ask_while_it_is_held(_payload: Mapping[str, Any]) -> Mapping[str, Any]:
        with pytest.raises(LockError) as told:
            ask()
        answers.append(classify(make, told.value))
        return RECEIPT

    assert holder("k0", {}, ask_while_it_is_held) == RECEIPT
    assert answers == [(Outcome.FAIL, "in_progress")]
    assert ask() == RECEIPT


def test_renewed_lock_excludes_and_its_thread_ends_with_it(redis_server: RedisServer) -> None:
    """While it is held a thread renews it and others are turned away; no thread is left behind."""
    needs("python_redis_lock_renewed")
    make = load_subject("peer.python_redis_lock_renewed").load()
    holder, other = make(redis_server.url, LEASE_S), make(redis_server.url, LEASE_S)
    before = threading.active_count()

    def ask_while_it_is_held(_payload: Mapping[str, Any]) -> Mapping[str, Any]:
        assert threading.active_count() == before + 1
        with pytest.raises(Exception, match="k0") as told:
            other("k0", {}, lambda _payload: RECEIPT)
        assert classify(make, told.value) == (Outcome.FAIL, "in_progress")
        return RECEIPT

    assert holder("k0", {}, ask_while_it_is_held) == RECEIPT
    assert threading.active_count() == before
    assert other("k0", {}, lambda _payload: RECEIPT) == RECEIPT


@pytest.mark.parametrize("name", ["celery_once", "celery_singleton", "dramatiq_limiter", "pottery", "rq_unique"])
def test_who_asks_while_another_is_at_it_is_turned_away(name: str, redis_server: RedisServer) -> None:
    """Nothing is done for the second caller, and the first one gets the receipt of its effect."""
    needs(name)
    make = load_subject(f"peer.{name}").load()
    holder, other = make(redis_server.url, LEASE_S), make(redis_server.url, LEASE_S)
    turned_away = []

    def ask_while_it_is_held(_payload: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            other("k0", {}, lambda _payload: pytest.fail("the effect was begun a second time"))
        except Exception as error:  # noqa: BLE001 - each guard has an exception of its own
            turned_away.append(classify(make, error))
        return RECEIPT

    assert holder("k0", {}, ask_while_it_is_held) == RECEIPT
    assert turned_away == [(Outcome.FAIL, "in_progress")]
    assert other("k0", {}, lambda _payload: RECEIPT) == RECEIPT


@pytest.mark.parametrize("name", PEERS)
def test_adapter_declares_what_is_said_of_it(name: str) -> None:
    """What is listed without the package is what the guard is judged by."""
    needs(name)
    peer, subject = PEERS[name], load_subject(f"peer.{name}")
    assert (subject.promise, subject.outside) == (Promise(peer.promise), peer.outside)


@pytest.mark.parametrize("name", PEERS)
def test_limits_leave_out_what_there_is(name: str) -> None:
    """A limit names fault kinds or a workload, and no two limits claim the same one."""
    left_out = [kind for limit in PEERS[name].limits for kind in limit.leaves_out]
    assert set(left_out) <= {*ALL, *FAMILIES, *STORIES, *workloads_for(Promise(PEERS[name].promise))}
    assert len(left_out) == len(set(left_out))


def test_registry_holds_every_adapter_in_order() -> None:
    """A file of the folder that assigns PEER is in the registry and in the box."""
    files = sorted(path for folder in peers.__path__ for path in Path(folder).glob("*.py"))
    assigning = [path.stem for path in files if _assigns_peer(path)]
    assert list(PEERS) == assigning
    assert [name for name, boxed in BOX.items() if boxed.peer is not None] == [f"peer.{name}" for name in assigning]


def test_missing_package_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for a guard that is not installed is told the command that installs it."""
    monkeypatch.setitem(sys.modules, "redis_lock", None)
    with pytest.raises(WrongInputError, match=r"needs python-redis-lock.*pip install 'stormproof\[peers\]'"):
        load_subject("peer.python_redis_lock")


def test_listing_the_subjects_imports_none_of_the_packages() -> None:
    """Nobody pays for a guard that was not asked for."""
    packages = {module.partition(".")[0] for peer in PEERS.values() for module in peer.modules} - {"redis"}
    code = f"import sys, harness.subjects.box; sys.exit(bool({packages!r} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _assigns_peer(path: Path) -> bool:
    """Say whether the module assigns a ``Peer(...)`` to PEER."""
    return any(
        isinstance(node, ast.Assign)
        and any(isinstance(each, ast.Name) and each.id == "PEER" for each in node.targets)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
    )
