"""The nursery of a crew: what its workers share, and what becomes of them without it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import CouldNotRunError
from harness.processes.child import wait_until_gone
from harness.venue.process import VenueProcess
from harness.workers.crew import Crew
from verify.history.events import Complete

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE_S = 30.0
_GUARD = """\
import os

BORN_IN = os.getpid()


def make(redis_url, lease_s):
    return lambda key, payload, effect: BORN_IN
"""


@pytest.fixture(name="crew")
def _crew(redis_server: Any, tmp_path: Path) -> Iterator[Crew]:
    guard = tmp_path / "born.py"
    guard.write_text(_GUARD, "utf-8")
    with VenueProcess() as venue:
        crew = Crew(
            subject=f"{guard}:make",
            redis_url=redis_server.url,
            venue=str(venue.socket_path),
            lease_s=2.0,
            request_life_s=2.1,
        )
        with crew:
            yield crew


def _parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[1])


def test_a_users_module_is_executed_in_each_worker(crew: Crew) -> None:
    """Nothing that a module makes when it is imported is shared by two workers."""
    crew.hire(["w0", "w1"])
    for name in ("w0", "w1"):
        crew.give(name, name, {})
    crew.listen_until(lambda: crew.is_idle, deadline_s=DEADLINE_S)
    born_in = {json.loads(event.result or "0") for event in crew.events if isinstance(event, Complete)}
    assert born_in == set(crew.pids)


def test_workers_die_with_their_nursery(crew: Crew) -> None:
    """No worker outlives it, and nobody can be hired any more."""
    crew.hire(["w0", "w1"])
    pids = crew.pids
    (nursery,) = {_parent_of(pid) for pid in pids}
    assert nursery != os.getpid()
    os.kill(nursery, signal.SIGKILL)
    assert all(wait_until_gone(pid) for pid in pids)
    with pytest.raises(CouldNotRunError, match="no worker can be had"):
        crew.hire(["w2"])
