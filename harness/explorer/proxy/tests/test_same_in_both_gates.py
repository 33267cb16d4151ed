"""Whichever gate holds a guard, the exploration meets the same histories, the same classes and the same findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.explorer.hosting import GREENLET, PROXY, Hosting, find_subject
from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.explorer.tests.stranger import STRANGER
from harness.explorer.tests.turns import kinds_for
from harness.faults.registry import select
from harness.subjects.broken.registry import PLANTED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from harness.explorer.tests.exploring import Explored
    from harness.redis_server.server import RedisServer

OF_STRANGER = ["late_request", "effect_late", "pause", "evict"]
OF_STORE = ["failover_losing:1"]


def explore_in_both(server: RedisServer, folder: Path, name: str, kinds: Iterable[str]) -> tuple[Explored, Explored]:
    """Return what the greenlet gate and the proxy gate met."""
    held = []
    for gate in (GREENLET, PROXY):
        how = Hosting(gate=gate)
        subject = find_subject(name, how)
        explored = explore(
            server, folder, subject, workers=2, faults=1, kinds=select(kinds), reduces=True, hosting=how
        )
        assert explored.record.exhausted, explored.record.reason
        held.append(explored)
    return held[0], held[1]


def assert_same(greenlets: Explored, proxy: Explored) -> None:
    """Assert that no gate met what the other one did not."""
    assert set(proxy.histories.values()) == set(greenlets.histories.values())
    assert proxy.classes == greenlets.classes
    assert proxy.findings == greenlets.findings
    assert proxy.record.schedules == greenlets.record.schedules
    assert proxy.record.hits == greenlets.record.hits
    assert proxy.record.applicable == greenlets.record.applicable


@NEEDS_CLOCK
@pytest.mark.in_turn(4)
@pytest.mark.parametrize("name", PLANTED)
def test_planted_guard_is_the_same_in_both_gates(name: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """Two workers, one fault of its own kinds; each third guard meets one more kind in turn."""
    takes_turn = list(PLANTED).index(name) % 3 == 0
    kinds = kinds_for(name) if takes_turn else PLANTED[name].faults
    assert_same(*explore_in_both(redis_server, tmp_path, f"broken.{name}", kinds))


@NEEDS_CLOCK
def test_reference_is_the_same_in_both_gates(redis_server: RedisServer, tmp_path: Path) -> None:
    """It uses scripts, prepares the store, and reconciles."""
    assert_same(*explore_in_both(redis_server, tmp_path, "reference", ["reply_lost", "effect_late"]))


@pytest.mark.takes_long
@NEEDS_CLOCK
def test_stranger_is_the_same_in_both_gates(redis_server: RedisServer, tmp_path: Path) -> None:
    """A file that stormproof has never seen: its processes are forked, one for each of a schedule's."""
    source = tmp_path / "guards" / "stranger.py"
    source.parent.mkdir()
    source.write_text(STRANGER, encoding="utf-8")
    assert_same(*explore_in_both(redis_server, tmp_path, f"{source}:make", OF_STRANGER))


@pytest.mark.takes_long
def test_lost_store_is_the_same_in_both_gates(redis_server: RedisServer, tmp_path: Path) -> None:
    """The server is another one in the middle: connections end, and what was written last is gone."""
    assert_same(*explore_in_both(redis_server, tmp_path, "broken.delete_on_any_exception", OF_STORE))
