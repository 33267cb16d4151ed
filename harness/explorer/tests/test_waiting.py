"""Blocking commands in the greenlet gate, where all processes share one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.explorer.gate.commands import block_limit_s
from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.explorer.tests.probes import answers, probe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Effect, Guard

FOR_EVER = float("inf")


def test_blocking_pop_waits_for_the_push_of_another(redis_server: RedisServer, tmp_path: Path) -> None:
    """The first process gets what the second one pushes, in whatever order they go."""

    def guard_of(client: Any, _lease_s: float) -> Guard:
        def guard(key: str, _payload: Mapping[str, Any], _effect: Effect) -> dict[str, Any]:
            if client.set(f"{key}:first", "1", nx=True):
                return {"popped": client.blpop([key], timeout=0)[1].decode()}
            return {"pushed": client.rpush(key, "pushed")}

        return guard

    explored = explore(redis_server, tmp_path, probe(guard_of), workers=2)
    assert explored.record.reason == ""
    assert explored.record.step_limited == 0
    for events in explored.histories.values():
        told = answers(events)
        assert {"popped": "pushed"} in (told["w0"], told["w1"])


@NEEDS_CLOCK
def test_blocking_pop_ends_when_its_time_has_passed(redis_server: RedisServer, tmp_path: Path) -> None:
    """Where nobody pushes, time jumps, and the client is told that nothing came."""

    def guard_of(client: Any, _lease_s: float) -> Guard:
        return lambda key, _payload, _effect: {"popped": client.blpop([key], timeout=5)}

    explored = explore(redis_server, tmp_path, probe(guard_of))
    assert explored.record.step_limited == 0
    assert answers(explored.histories[1])["w0"] == {"popped": None}


@pytest.mark.parametrize(
    ("command", "limit_s"),
    [
        ("BLPOP k 5", 5.0),
        ("BLPOP k 0", FOR_EVER),
        ("BLMPOP 2.5 1 k LEFT", 2.5),
        ("XREAD BLOCK 500 STREAMS s $", 0.5),
        ("XREAD BLOCK 0 STREAMS s $", FOR_EVER),
        ("XREAD STREAMS s 0", None),
        ("LPOP k", None),
        ("BLPOP k soon", None),
    ],
)
def test_limit_of_a_blocking_command_is_read_from_it(command: str, limit_s: float | None) -> None:
    """Seconds, infinity for ever, nothing where it never waits or the server refuses it anyway."""
    assert block_limit_s(command.encode().split()) == limit_s
