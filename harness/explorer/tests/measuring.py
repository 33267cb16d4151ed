"""Explores a measuring guard in one gate or the other: what a fault does must not depend on who holds the process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.explorer.hosting import GREENLET, PROXY, Hosting, find_subject
from harness.explorer.tests.exploring import explore, run_schedule
from harness.faults.registry import select

if TYPE_CHECKING:
    from harness.explorer.tests.exploring import Explored
    from harness.explorer.world.world import World
    from harness.redis_server.server import RedisServer

IN_BOTH_GATES = pytest.mark.parametrize("gate", [GREENLET, PROXY])
_GUARDS = Path(__file__).with_name("measuring_guards.py")


def measure(
    server: RedisServer, folder: Path, gate: str, guard: str, *kinds: str, faults: int = 1, workers: int = 1
) -> Explored:
    """Explore the measuring guard of that name under *kinds*."""
    hosting = Hosting(gate=gate)
    subject = find_subject(_place(guard), hosting)
    chosen = select(kinds) if kinds else ()
    return explore(server, folder, subject, workers=workers, faults=faults, kinds=chosen, hosting=hosting)


def measure_once(server: RedisServer, gate: str, guard: str, *decisions: str) -> World:
    """Run the one schedule of one worker that begins with *decisions*."""
    hosting = Hosting(gate=gate)
    subject = find_subject(_place(guard), hosting)
    return run_schedule(server, subject, *decisions, hosting=hosting)


def _place(guard: str) -> str:
    return f"{_GUARDS}:{guard}"
