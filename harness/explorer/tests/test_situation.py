"""A situation has one name wherever it is come to, and another one where anything may still tell it apart."""

from __future__ import annotations

import functools
from contextlib import suppress
from hashlib import sha1
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
import redis

from harness.explorer import replay
from harness.explorer.gate.resp import packed
from harness.explorer.hosting import GREENLETS
from harness.explorer.replay import Replayer
from harness.explorer.schedule import Schedule
from harness.explorer.target import Target
from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.explorer.tests.probes import commands, probe
from harness.explorer.world.causes import Causes
from harness.explorer.world.server_scripts import ServerScripts
from harness.explorer.world.setting import Setting, castings
from harness.explorer.world.steps import CommandStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.explorer.world.situation import Situation
    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Effect, Guard, Subject

_SCRIPT = b"return 1"
_SHA = sha1(_SCRIPT, usedforsecurity=False).hexdigest().encode()


def situation(
    server: RedisServer,
    subject: Subject,
    decisions: str,
    kind: str,
    *,
    workers: int = 2,
    workload: str = "same",
    faults: int = 2,
) -> Situation:
    """Run a schedule in which so many faults may strike; return what it came to behind *decisions*."""
    schedule = Schedule(
        subject=subject.name,
        promise=str(subject.promise),
        workload=workload,
        workers=workers,
        kinds=(kind,),
        redis="test",
        seed=1,
        decisions=tuple(decisions.split()),
        more_faults=faults - decisions.count("!"),
    )
    with mock.patch.object(replay, "Setting", functools.partial(Setting, merges=True)):
        (world,) = Replayer(Target(server, "test"), subject, GREENLETS).run([schedule])
    assert not world.problem, world.problem
    return world.situation


def names(*told: Any, **more: Any) -> list[bytes]:
    """Return the names of what a schedule came to, phase by phase."""
    return [name for _, name in situation(*told, **more).places]


@NEEDS_CLOCK
@pytest.mark.parametrize(("workload", "are_one"), [("same", True), ("conflict", False)])
def test_two_workers_that_are_told_the_same_may_change_places(
    workload: str, are_one: bool, redis_server: RedisServer
) -> None:
    """It is one situation whichever of them died; with jobs that differ it is not."""
    first, second = (
        names(redis_server, commands(1), decisions, "crash_after", workload=workload)
        for decisions in ("w0!crash_after w1", "w1!crash_after w0")
    )
    assert (first == second) is are_one


@NEEDS_CLOCK
def test_two_workers_do_not_change_places_among_the_faults_at_one_decision(redis_server: RedisServer) -> None:
    """What follows may still trade places with what was before, and that was not swapped."""
    first, second = (
        situation(redis_server, commands(1), decision, "crash_after").came_to
        for decision in ("w0!crash_after", "w1!crash_after")
    )
    assert first
    assert first != second


@NEEDS_CLOCK
@pytest.mark.parametrize(
    ("kind", "faults"), [("crash_after", 2), ("restart_losing:0", 2), ("evict", 2), ("restart_losing:1", 0)]
)
def test_order_of_writes_that_cannot_be_lost_is_not_told(kind: str, faults: int, redis_server: RedisServer) -> None:
    """Two workers wrote different keys, one before the other; no kind loses a write, or no fault is left."""
    first, second = (
        names(redis_server, commands(1), decisions, kind, workload="neighbours", faults=faults)
        for decisions in ("w0 w1", "w1 w0")
    )
    assert first == second


@NEEDS_CLOCK
@pytest.mark.parametrize("kind", ["restart_losing:1", "failover_losing:2"])
def test_order_of_writes_that_can_still_be_lost_is_told(kind: str, redis_server: RedisServer) -> None:
    """Losing the last one leaves another one behind, until others have written after them."""
    first, second = (
        names(redis_server, commands(1), decisions, kind, workload="neighbours") for decisions in ("w0 w1", "w1 w0")
    )
    assert first[0] != second[0]
    assert first[-1] == second[-1]


@NEEDS_CLOCK
def test_rounds_that_the_job_queue_still_goes_are_told(redis_server: RedisServer) -> None:
    """The same fault in one round or in the next one: all that is left of it is how long the queue goes on."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> None:
            with suppress(redis.RedisError):
                client.get(key)
            raise RuntimeError("never settled")

        return guard

    early, late = (
        names(redis_server, probe(guard_of), decisions, "request_lost", workers=1)
        for decisions in ("w0 r1!request_lost", "w0 r1 r2!request_lost")
    )
    assert set(early).isdisjoint(late)


def test_write_that_may_be_lost_keeps_its_place() -> None:
    """One process writes two keys: what is kept is told by key, what may be lost in order."""
    one, other = Causes({}), Causes({})
    for causes, keys in ((one, "ab"), (other, "ba")):
        causes.told("w0", None, 0.0)
        causes.acts("w0")
        for key in keys:
            causes.asked("SET", (key,), (), wrote=True)
    assert one.held(None) == other.held(None)
    assert one.held(0) == other.held(0)
    assert one.held(1) != other.held(1)
    assert one.held(2) != other.held(2)


def test_removal_that_may_be_lost_keeps_its_place() -> None:
    """Behind the last write it is undone where the server starts again without losing a write; before it is not."""
    before, behind = Causes({}), Causes({})
    for causes, changes in ((before, ("a", "", "b")), (behind, ("a", "b", ""))):
        causes.told("w0", None, 0.0)
        causes.acts("w0")
        for key in changes:
            if key:
                causes.asked("SET", (key,), (), wrote=True)
            else:
                causes.removed("a", 0.0)
    assert before.held(None) == behind.held(None)
    assert before.held(0) != behind.held(0)
    assert before.held(1) != behind.held(1)
    _, lost_with_the_last_write = before.held(1)
    assert [write.is_removal for write in lost_with_the_last_write] == [True, False]


@pytest.mark.parametrize(
    ("name", "requests", "told"),
    [
        ("EVAL", [packed(b"EVAL", _SCRIPT, b"0")], [True]),
        ("EVAL_RO", [packed(b"eval_ro", _SCRIPT, b"0")], [True]),
        ("SCRIPT", [packed(b"SCRIPT", b"load", _SCRIPT)], [True]),
        ("MULTI EVAL", [packed(b"MULTI"), packed(b"EVAL", _SCRIPT, b"0"), packed(b"EXEC")], [True]),
        ("EVAL", [packed(b"EVAL", b"return 2", b"0")], [False]),
        ("EVALSHA", [packed(b"EVALSHA", _SHA, b"0")], [False]),
        ("GET", [packed(b"GET", b"EVAL")], [False]),
    ],
)
def test_script_is_known_once_it_was_brought(name: str, requests: list[bytes], told: list[bool]) -> None:
    """By its text, however it came: whoever asks for its digest is answered."""
    scripts = ServerScripts("own")
    scripts.learn(_step(name, *requests))
    assert scripts.told_by(_step("EVALSHA", packed(b"evalsha", _SHA.upper(), b"0"))) == told


def test_scripts_are_forgotten() -> None:
    """With the server, and where somebody asks for it."""
    scripts = ServerScripts("own")
    for forget in (scripts.forget, lambda: scripts.learn(_step("SCRIPT", packed(b"SCRIPT", b"FLUSH")))):
        scripts.learn(_step("EVAL", packed(b"EVAL", _SCRIPT, b"0")))
        assert scripts.held
        forget()
        assert not scripts.held


def test_block_that_may_have_been_given_up_is_no_other_schedules() -> None:
    """Whether it brought its script is not known, so no name may say that it is what another one brought."""
    block = (packed(b"MULTI"), packed(b"EVAL", _SCRIPT, b"0"), packed(b"EXEC"))
    one, other = ServerScripts("one"), ServerScripts("other")
    for scripts in (one, other):
        scripts.learn(_step("MULTI EVAL", *block, watched=(b"k",)))
    assert one.held != other.held


@pytest.mark.parametrize(
    ("workload", "workers", "count"),
    [("same", 1, 1), ("same", 2, 2), ("same", 3, 2), ("conflict", 2, 1), ("conflict", 3, 2), ("neighbours", 2, 1)],
)
def test_only_workers_with_one_job_take_each_others_part(workload: str, workers: int, count: int) -> None:
    """The last worker's job differs, where the workload says so."""
    assert len(castings(workload, workers)) == count


def _step(name: str, *requests: bytes, watched: tuple[bytes, ...] = ()) -> CommandStep:
    return CommandStep(name=name, keys=(), may_write=True, parts=requests, signature=(), watched=watched)
