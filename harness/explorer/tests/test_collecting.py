"""What schedules leave behind is gone while others run, and the collector is left as it was found."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from harness.explorer.collecting import EVERY, sparing_what_stands
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

    from harness.redis_server.server import RedisServer

_STEPS = 5


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
    """Of several times as many schedules no more are alive than run between two collections."""
    subject = commands(_STEPS)
    plan = Plan(name=subject.name, subject=subject, workers=2, faults=0, kinds=(), workloads=("same",), seed=1)
    alive: list[int] = []

    def count(_progress: object) -> None:
        alive.append(sum(isinstance(each, World) for each in gc.get_objects()))

    with HistoryStore(tmp_path) as store:
        record = Exploration(plan, Target(redis_server, "test"), store, on_progress=count).run()
    assert record.schedules > 3 * EVERY
    assert max(alive) <= EVERY + GreenletGate.cohort


@pytest.mark.usefixtures("collected_when_told")
def test_what_was_spared_before_stays_spared() -> None:
    """A block within another one leaves it as it was; the outer one leaves nothing spared."""
    with sparing_what_stands():
        spared = gc.get_freeze_count()
        with sparing_what_stands():
            pass
        assert gc.get_freeze_count() == spared > 0
    assert gc.get_freeze_count() == 0
