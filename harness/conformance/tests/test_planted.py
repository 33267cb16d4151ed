"""Generated trials catch the planted guards that they must catch, and raise no alarm for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.conformance.planted import CAUGHT
from harness.conformance.tests.trials_of import trials_of
from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.subjects.broken.registry import PLANTED
from verify.history.words import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.server import RedisServer

TRIALS = 300
SHORT = ("claim_without_nx", "done_mark_in_finally", "claim_never_ends")
"""Those that are looked at in every run: few trials find them."""
MOST_ORDERS = 9
"""Orders of a smallest trial at most, the beginning among them."""

EACH_CAUGHT = [pytest.param(name, marks=() if name in SHORT else pytest.mark.takes_long, id=name) for name in CAUGHT]


@NEEDS_CLOCK
@pytest.mark.parametrize("name", EACH_CAUGHT)
def test_planted_guard_is_caught_by_its_checker_and_shrunk(
    name: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """The checker that must find it does, and few orders are left."""
    checker = PLANTED[name].checker
    with trials_of(redis_server, tmp_path, f"broken.{name}", trials=TRIALS, only=checker) as guard:
        guard.draw()
        claimed = guard.claimed()
    assert claimed.verdict is Verdict.INVALID, f"{claimed.examples} trials did not show it: {claimed.unshown}"
    assert claimed.example[0] == "begin(store='kept', kind='order', stranger='0')"
    assert 2 <= len(claimed.example) <= MOST_ORDERS


@NEEDS_CLOCK
@pytest.mark.takes_long
@pytest.mark.parametrize("name", CAUGHT)
def test_twin_keeps_its_promise(name: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """No trial of the same guard without the bug breaks the promise."""
    with trials_of(redis_server, tmp_path, f"twin.{name}", trials=40) as guard:
        guard.draw()
        claimed = guard.claimed()
    assert (claimed.verdict, claimed.broken) == (Verdict.VALID, "")
    assert claimed.examples >= 20


def test_at_least_ten_planted_guards_are_caught() -> None:
    """The list names planted guards, each once, in order."""
    assert len(CAUGHT) >= 10
    assert list(CAUGHT) == sorted({*CAUGHT} & PLANTED.keys())
