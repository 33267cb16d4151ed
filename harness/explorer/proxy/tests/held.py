"""Writes a guard into a file of its own and lets the proxy gate hold it."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from harness.explorer.hosting import PROXY, Hosting, find_subject
from harness.explorer.tests.exploring import explore, run_schedule
from harness.faults.registry import select

if TYPE_CHECKING:
    from pathlib import Path

    from harness.explorer.tests.exploring import Explored
    from harness.explorer.world.world import World
    from harness.redis_server.server import RedisServer

OURS = Hosting(gate=PROXY)
"""The proxy gate and our own interpreter."""


def written(folder: Path, source: str) -> str:
    """Write the guard into *folder* and return the name of the subject."""
    path = folder / "guard" / "guard.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(dedent(source), encoding="utf-8")
    return f"{path}:make"


def explore_held(
    server: RedisServer, folder: Path, name: str, *kinds: str, workers: int = 1, hosting: Hosting = OURS
) -> Explored:
    """Explore the subject *name* with at most one fault of *kinds*, each class of schedules once."""
    return explore(
        server,
        folder,
        find_subject(name, hosting),
        workers=workers,
        faults=1 if kinds else 0,
        kinds=select(kinds) if kinds else (),
        reduces=True,
        hosting=hosting,
    )


def run_held(server: RedisServer, name: str, *decisions: str, workers: int = 1) -> World:
    """Run the one schedule of the subject *name* that begins with *decisions*."""
    return run_schedule(server, find_subject(name, OURS), *decisions, workers=workers, hosting=OURS)
