"""Workers whom nobody could tell apart: who is one, and what is spared for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.explorer.search.footprint import EVERYTHING, Footprint, footprint
from harness.explorer.tests.exploring import explore
from harness.explorer.tests.probes import commands, probe
from harness.explorer.world.likeness import Likeness

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import redis

    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Effect, Guard

LOOKS, WRITES = footprint(frozenset("k")), footprint(writes=frozenset("k"))
COMES_TO_THE_VENUE = footprint(frozenset("k"), enters=frozenset("k"))


def likeness(**jobs: str) -> Likeness:
    """Return the likeness of workers with these jobs, of which nothing is decided yet."""
    followed = Likeness()
    for worker, job in jobs.items():
        followed.begins(worker, job)
    return followed


def after(followed: Likeness, *decisions: tuple[str, Footprint]) -> dict[str, str]:
    """Return who is like whom once these decisions were carried out."""
    for decision, touched in decisions:
        followed.decided(decision.partition("!")[0], decision, touched)
    return dict(followed.of(("w0", "w1", "w2")))


def test_those_with_one_job_are_alike() -> None:
    """Each is like the first one with its job; a single one is like nobody."""
    assert after(likeness(w0="buy", w1="sell", w2="buy")) == {"w2": "w0"}
    assert after(likeness(w0="buy", w1="buy", w2="buy")) == {"w1": "w0", "w2": "w0"}


@pytest.mark.parametrize("touched", [WRITES, EVERYTHING, COMES_TO_THE_VENUE, footprint(leaves=frozenset("k"))])
def test_who_did_more_than_to_read_is_like_nobody(touched: Footprint) -> None:
    """A change, and what is asked of the order of events, tell for good who it was."""
    followed = likeness(w0="buy", w1="buy", w2="buy")
    assert after(followed, ("w0", touched)) == {"w2": "w1"}
    assert after(followed, ("w1", touched), ("w2", touched)) == {}


def test_who_was_struck_is_like_nobody() -> None:
    """Even if the fault touched nothing."""
    struck = ("w0!request_lost", footprint())
    assert after(likeness(w0="buy", w1="buy", w2="buy"), struck) == {"w2": "w1"}


def test_those_who_read_the_same_are_alike() -> None:
    """Whoever looked before a change, or has not looked, is not like one who looked behind it."""
    followed = likeness(w0="buy", w1="buy", w2="buy")
    assert after(followed, ("w1", LOOKS)) == {"w2": "w0"}
    assert after(followed, ("w2", LOOKS)) == {"w2": "w1"}
    assert after(followed, ("late(w9.1)", WRITES), ("w0", LOOKS)) == {"w2": "w1"}


def test_reading_before_and_behind_what_may_have_changed_everything_is_not_the_same() -> None:
    """A jump of time changes no key that it names."""
    reads = [("w0", LOOKS), ("advance", EVERYTHING), ("w1", LOOKS), ("w2", LOOKS)]
    assert after(likeness(w0="buy", w1="buy", w2="buy"), *reads) == {"w2": "w1"}


def test_nobody_is_alike_where_not_all_is_decided() -> None:
    """What background threads do is no decision."""
    followed = likeness(w0="buy", w1="buy", w2="buy")
    followed.is_known = False
    assert after(followed) == {}


@pytest.mark.parametrize(("workload", "workers", "tried"), [("same", 2, 1), ("same", 3, 1), ("conflict", 3, 3)])
def test_which_of_them_goes_first_is_tried_once(
    workload: str, workers: int, tried: int, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Each worker counts once: those with one job keep one order, and another job has every place among them."""
    explored = explore(redis_server, tmp_path, commands(1), workers=workers, workloads=(workload,), reduces=True)
    assert explored.record.schedules == tried


@pytest.mark.parametrize("workers", [2, 3])
def test_who_has_looked_first_is_not_tried_in_the_place_of_another(
    workers: int, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Once all have looked, what was tried for the first is as good as tried for the others."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> None:
            client.get(f"{key}:other")
            client.incr(key)

        return guard

    explored = explore(redis_server, tmp_path, probe(guard_of), workers=workers, reduces=True)
    assert explored.record.schedules == 1
