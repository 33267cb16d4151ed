"""A guard that asks three servers: its steps, its keys and its faults are told apart by the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import CouldNotRunError, WrongInputError
from harness.explorer.hosting import GREENLETS, find_subject
from harness.explorer.proxy.tests.held import OURS, explore_held, run_held, written
from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from verify.history.words import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.world.world import World
    from harness.redis_server.server import RedisServer

GUARD = """
    from concurrent.futures import ThreadPoolExecutor

    import redis


    class LockedError(Exception):
        pass


    def make(redis_url, lease_s):
        clients = [redis.Redis.from_url(url) for url in redis_url.split(",")]

        def guard(key, payload, effect):
            def ask(client):
                return client.set(key, "taken", nx=True, px=int(lease_s * 1000))

            with ThreadPoolExecutor() as threads:
                # The last one is asked first, and whichever thread runs first is a matter of chance.
                given = list(threads.map(ask, reversed(clients)))
            if sum(map(bool, given)) < NEEDED:
                raise LockedError
            return effect(payload)

        return guard


    make.masters = 3
    make.promise = "mutual_exclusion"
    make.outside = {"pause": "the lock ends with its lease"}
    make.classify = lambda error: ("FAIL", "in_progress") if isinstance(error, LockedError) else ("INDETERMINATE", "")
"""
AT_EACH = [("SET", ("m1:k0",)), ("SET", ("m2:k0",)), ("SET", ("m3:k0",))]


def lock_of(folder: Path, needed: int) -> str:
    """Write the guard that enters its section with *needed* of three locks; return the name of the subject."""
    return written(folder, GUARD.replace("NEEDED", str(needed)))


def told(world: World, process: str) -> list[str]:
    """Return what the servers answered to a process."""
    return [step.outcome for step in world.trace.steps if step.process == process and step.name == "SET"]


@NEEDS_CLOCK
def test_three_servers_are_asked_in_their_order(redis_server: RedisServer, tmp_path: Path) -> None:
    """Whichever thread is first; and time passes at each: a redelivery past the lease finds all of them free."""
    world = run_held(redis_server, lock_of(tmp_path, 2))
    steps = [(step.name, step.keys) for step in world.trace.steps]
    assert steps[:3] == AT_EACH
    free = told(world, "w0")
    assert len(set(free)) == 1
    assert told(world, "r1") == free


def test_eviction_strikes_the_key_of_one_server(redis_server: RedisServer, tmp_path: Path) -> None:
    """Whoever comes next gets that one and no other."""
    world = run_held(
        redis_server, lock_of(tmp_path, 2), "w0", "w0", "w0", "evict(m2:k0)", "w1", "w1", "w1", workers=2
    )
    assert not world.problem
    first, second, third = told(world, "w1")
    assert first == third != second


def test_first_server_is_lost_and_the_others_stay(redis_server: RedisServer, tmp_path: Path) -> None:
    """What was written to the second and the third one is no write that it could lose."""
    decisions = "w0", "w0", "w0", "restart_losing:1", "w1", "w1", "w1"
    world = run_held(redis_server, lock_of(tmp_path, 2), *decisions, workers=2)
    assert not world.problem
    first, second, third = told(world, "w1")
    assert first != second == third


def test_most_of_three_exclude_and_one_of_three_does_not(redis_server: RedisServer, tmp_path: Path) -> None:
    """Two processes take turns at the servers in every order that is not the same as another."""
    for needed, verdict in ((2, Verdict.VALID), (1, Verdict.INVALID)):
        folder = tmp_path / str(needed)
        folder.mkdir()
        explored = explore_held(redis_server, folder, lock_of(folder, needed), workers=2)
        judged = explored.judge()
        deciding = {finding.checker for finding in judged.findings if finding.decides}
        assert (judged.verdict, deciding) == (verdict, set() if needed == 2 else {"mutual_exclusion"})


def test_greenlet_gate_refuses(redis_server: RedisServer, tmp_path: Path) -> None:
    """It would lead every connection to the one server."""
    subject = find_subject(lock_of(tmp_path, 2), OURS)
    with pytest.raises(CouldNotRunError, match="asks several masters; expected --gate proxy"):
        explore(redis_server, tmp_path, subject, workers=1, faults=0, kinds=(), reduces=True, hosting=GREENLETS)


def test_number_of_masters_is_checked(tmp_path: Path) -> None:
    """One line that says what was expected."""
    name = written(tmp_path, "def make(redis_url, lease_s): ...\nmake.masters = 0")
    with pytest.raises(WrongInputError, match=r"make\.masters must be a whole number from 1 to 5, not 0"):
        find_subject(name, OURS)
