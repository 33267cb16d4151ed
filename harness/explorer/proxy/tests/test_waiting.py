"""Clients that wait for what others do: a blocking command ends with another's push, a message finds its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.explorer.proxy.tests.clients import REDIS_PY, async_guard, sync_guard
from harness.explorer.proxy.tests.held import explore_held, run_held, written
from harness.explorer.tests.exploring import NEEDS_CLOCK
from harness.explorer.tests.probes import answers

if TYPE_CHECKING:
    from pathlib import Path

    from harness.redis_server.server import RedisServer

POPPING = """
if client.set(key + ":first", "1", nx=True):
    return dict(popped=client.blpop([key], timeout=0)[1].decode())
return dict(pushed=client.rpush(key, "pushed"))
"""
WAITING = """
return dict(popped=client.blpop([key], timeout=500))
"""
LISTENING = """
if client.set(key + ":first", "1", nx=True):
    with client.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(key)
        client.set(key + ":listens", "1")
        while (message := listener.get_message(timeout=1)) is None:
            pass
    return dict(heard=message["data"].decode())
return dict(told=client.publish(key, "hello"))
"""


def awaiting(body: str) -> str:
    """Return the body for an asynchronous client."""
    for word in ("client.set", "client.blpop", "client.rpush", "client.publish", "listener.subscribe"):
        body = body.replace(word, f"await {word}")
    body = body.replace("await client.blpop([key], timeout=0)", "(await client.blpop([key], timeout=0))")
    return body.replace("with client", "async with client").replace("listener.get_", "await listener.get_")


EACH = pytest.mark.parametrize("is_async", [False, True], ids=["blocking", "asyncio"])


def guard(body: str, *, is_async: bool, limit_s: float | None = 5) -> str:
    """Return the guard for either kind of client."""
    if is_async:
        return async_guard(REDIS_PY, awaiting(body), limit_s=limit_s)
    return sync_guard(REDIS_PY, body, limit_s=limit_s)


@EACH
def test_blocking_pop_waits_for_the_push_of_another(
    is_async: bool, redis_server: RedisServer, tmp_path: Path
) -> None:
    """In every order of two workers the one that waits is given what the other one pushes."""
    explored = explore_held(redis_server, tmp_path, written(tmp_path, guard(POPPING, is_async=is_async)), workers=2)
    assert explored.record.exhausted, explored.record.reason
    for events in explored.histories.values():
        told = answers(events)
        assert {"popped": "pushed"} in (told["w0"], told["w1"])
        assert {"pushed": 1} in (told["w0"], told["w1"])


@NEEDS_CLOCK
@EACH
def test_blocking_pop_ends_when_its_time_has_passed(
    is_async: bool, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Nobody pushes: time jumps, past the limit, and nothing is answered."""
    world = run_held(redis_server, written(tmp_path, guard(WAITING, is_async=is_async, limit_s=None)))
    assert answers(world.trace.events)["w0"] == {"popped": None}


@EACH
def test_message_reaches_its_subscriber(is_async: bool, redis_server: RedisServer, tmp_path: Path) -> None:
    """What one process publishes, another one that has subscribed before is told."""
    name = written(tmp_path, guard(LISTENING, is_async=is_async))
    world = run_held(redis_server, name, "w0", "w0", "w1", "w1", workers=2)
    assert answers(world.trace.events)["w1"] == {"told": 1}
    assert answers(world.trace.events)["w0"] == {"heard": "hello"}
