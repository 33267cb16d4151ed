"""What schedules leave behind is gone while others run, and the collector is left as it was found."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from harness.explorer.collecting import EVERY, FIRST, Collecting
from harness.explorer.exploration import Exploration
from harness.explorer.gate.greenlet_gate import GreenletGate
from harness.explorer.plan import Plan
from harness.explorer.store import HistoryStore
from harness.explorer.target import Target
from harness.explorer.tests.probes import commands
from harness.explorer.world.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.explorer.plan import Progress
    from harness.redis_server.server import RedisServer

_STEPS = 6


@pytest.fixture
def collected_when_told() -> Iterator[None]:
    """Keep Python from collecting by itself; nothing is spared when the test begins."""
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    gc.disable()
    yield
    gc.enable()
    if frozen:
        gc.freeze()


@pytest.mark.usefixtures("collected_when_told")
def test_worlds_do_not_pile_up(redis_server: RedisServer, tmp_path: Path) -> None:
    """From the first collection on no more are alive than run between two of them."""
    subject = commands(_STEPS)
    plan = Plan(
        name=subject.name,
        subject=subject,
        workers=2,
        faults=0,
        kinds=(),
        workloads=("same",),
        seed=1,
        limit=FIRST + 3 * EVERY,
    )
    alive: list[int] = []

    def count(progress: Progress) -> None:
        if progress.schedules > FIRST:
            alive.append(sum(isinstance(each, World) for each in gc.get_objects()))

    with HistoryStore(tmp_path) as store:
        record = Exploration(plan, Target(redis_server, "test"), store, on_progress=count).run()
    assert record.schedules == plan.limit
    assert max(alive) <= EVERY + 2 * GreenletGate.cohort < FIRST


@pytest.mark.usefixtures("collected_when_told")
def test_what_was_spared_before_stays_spared() -> None:
    """One exploration beside another leaves the collector as it was; the first one leaves nothing spared."""
    first, second = Collecting(), Collecting()
    for _ in range(FIRST):
        first.ran()
    spared = gc.get_freeze_count()
    for _ in range(FIRST):
        second.ran()
    second.close()
    assert gc.get_freeze_count() >= spared > 0
    first.close()
    assert gc.get_freeze_count() == 0


@pytest.mark.usefixtures("collected_when_told")
def test_few_schedules_cost_no_collection() -> None:
    """Whoever replays one schedule after the other does not look through everything for each of them."""
    collections = gc.get_stats()[-1]["collections"]
    few = Collecting()
    for _ in range(FIRST - 1):
        few.ran()
    few.close()
    assert gc.get_stats()[-1]["collections"] == collections
