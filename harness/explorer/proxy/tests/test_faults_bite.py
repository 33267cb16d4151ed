"""What strikes a process behind the proxy gate strikes a process of the operating system, as the next one can see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.explorer.proxy.tests.held import run_held, written
from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.explorer.tests.probes import answers

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.server import RedisServer

LOOKING = """
import os

import redis

def state_of(pid):
    try:
        stat = open(f"/proc/{pid}/stat").read()
    except OSError:
        return "gone"
    return stat[stat.rindex(")") + 2].replace("Z", "gone").replace("X", "gone")

def settled(pid):
    # Whoever is sent a signal counts as running until it has been dealt with.
    while (state := state_of(pid)) == "R":
        pass
    return state

def make(redis_url, lease_s):
    client = redis.Redis.from_url(redis_url)

    def guard(key, payload, effect):
        before = client.set(key + ":pid", os.getpid(), get=True)
        try:
            client.incr(key)
        finally:
            with open(__file__ + ".ended", "a") as file:
                file.write("once ")
        return {"before": before and settled(before.decode())}

    return guard
"""
"""A guard that writes its process id down, and says what has become of the process that was there before."""


@pytest.mark.parametrize(
    "decisions",
    [("w0", "w0!crash_before"), ("w0", "w0!crash_after"), ("w0!crash_after",)],
    ids=["before-a-command", "after-a-command", "after-the-first"],
)
def test_crashed_process_is_dead(decisions: tuple[str, ...], redis_server: RedisServer, tmp_path: Path) -> None:
    """crash_*: the operating system has no such process any more, and not even its ``finally`` has run."""
    name = written(tmp_path, LOOKING)
    world = run_held(redis_server, name, *decisions)
    assert answers(world.trace.events) == {"r1": {"before": "gone"}}
    assert (tmp_path / "guard" / "guard.py.ended").read_text() == "once "


@NEEDS_CLOCK
def test_paused_process_is_stopped_and_comes_back(redis_server: RedisServer, tmp_path: Path) -> None:
    """pause: all of it stands still while another process is at work, and then it goes on where it was."""
    world = run_held(redis_server, written(tmp_path, LOOKING), "w0", "w0!pause")
    told = answers(world.trace.events)
    assert list(told) == ["r1", "w0", "r2"]
    assert (told["r1"], told["w0"]) == ({"before": "T"}, {"before": None})


def test_process_without_a_fault_lives_on(redis_server: RedisServer, tmp_path: Path) -> None:
    """The measure itself: a worker that another one overtakes is there, and waits."""
    world = run_held(redis_server, written(tmp_path, LOOKING), "w0", "w1", workers=2)
    assert answers(world.trace.events)["w1"] == {"before": "S"}
