"""Any client: the same commands are the same steps, and a lost reply or an ended time limit is what it always is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.explorer.proxy.tests.clients import REDIS_PY, VALKEY_PY, async_guard, coredis_guard, sync_guard
from harness.explorer.proxy.tests.held import run_held, written
from harness.explorer.tests.probes import answers
from verify.history.events import Complete
from verify.history.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.explorer.world.world import World
    from harness.redis_server.server import RedisServer

SYNC = """
answered = [client.set(key, "1", px=300_000)]
with client.pipeline(transaction=True) as pipe:
    answered += pipe.incr(key).get(key).execute()
with client.pipeline(transaction=False) as pipe:
    answered += pipe.incr(key).get(key).execute()
with client.pipeline() as pipe:
    pipe.watch(key)
    seen = int(pipe.get(key))
    pipe.multi()
    answered += pipe.set(key, seen + 1).execute()
answered.append(client.eval("return redis.call('INCR', KEYS[1])", 1, key))
effect(payload)
return [int(each) for each in answered]
"""
ASYNC = """
answered = [await client.set(key, "1", px=300_000)]
async with client.pipeline(transaction=True) as pipe:
    answered += await pipe.incr(key).get(key).execute()
async with client.pipeline(transaction=False) as pipe:
    answered += await pipe.incr(key).get(key).execute()
async with client.pipeline() as pipe:
    await pipe.watch(key)
    seen = int(await pipe.get(key))
    pipe.multi()
    answered += await pipe.set(key, seen + 1).execute()
answered.append(await client.eval("return redis.call('INCR', KEYS[1])", 1, key))
await effect(payload)
return [int(each) for each in answered]
"""
STEPS = ["SET", "MULTI INCRBY GET", "INCRBY", "GET", "WATCH", "GET", "MULTI SET", "EVAL", "effect"]
ANSWERED = [1, 2, 2, 3, 3, 1, 5]
COREDIS = """
answered = [await client.set(key, "1", px=300_000)]
async with client.pipeline(transaction=True) as pipe:
    asked = [pipe.incr(key), pipe.get(key)]
async with client.pipeline(transaction=False) as pipe:
    asked += [pipe.incr(key), pipe.get(key)]
answered += [await each for each in asked]
answered.append(await client.eval("return redis.call('INCR', KEYS[1])", [key]))
await effect(payload)
return [int(each) for each in answered]
"""
COUNTING = """
try:
    client.incr(key)
    raised = ""
except Exception as error:
    raised = type(error).__name__
return dict(raised=raised, counter=int(client.get(key) or 0))
"""
COUNTING_LATER = COUNTING.replace("client.", "await client.")

GUARDS: dict[str, tuple[Callable[..., str], tuple[str, str], str, str]] = {
    "redis-py": (sync_guard, REDIS_PY, SYNC, COUNTING),
    "redis-py, asyncio": (async_guard, REDIS_PY, ASYNC, COUNTING_LATER),
    "valkey-py": (sync_guard, VALKEY_PY, SYNC, COUNTING),
    "valkey-py, asyncio": (async_guard, VALKEY_PY, ASYNC, COUNTING_LATER),
}
EACH_CLIENT = pytest.mark.parametrize("client", GUARDS)


def seen_by_w0(world: World) -> tuple[list[str], Any]:
    """Return the steps that the first worker took, and what it answered."""
    return [step.name for step in world.trace.steps if step.process == "w0"], answers(world.trace.events)["w0"]


@pytest.mark.parametrize("protocol", [2, 3])
@EACH_CLIENT
def test_same_commands_are_the_same_steps(
    client: str, protocol: int, redis_server: RedisServer, tmp_path: Path
) -> None:
    """A block is one step, a pipeline its commands; replies come back as the client expects them."""
    guard, of, body, _ = GUARDS[client]
    world = run_held(redis_server, written(tmp_path, guard(of, body, protocol=protocol)))
    assert seen_by_w0(world) == (STEPS, ANSWERED)


@pytest.mark.parametrize(
    ("kind", "counted"),
    [
        ("reply_lost", {"raised": "ConnectionError", "counter": 1}),
        ("late_request", {"raised": "TimeoutError", "counter": 0}),
    ],
)
@EACH_CLIENT
def test_client_is_told_what_struck(
    client: str, kind: str, counted: dict[str, Any], redis_server: RedisServer, tmp_path: Path
) -> None:
    """A cut connection is a ConnectionError; the end of the time limit is a TimeoutError, long before its time."""
    guard, of, _, body = GUARDS[client]
    world = run_held(redis_server, written(tmp_path, guard(of, body)), f"w0!{kind}")
    assert answers(world.trace.events)["w0"] == counted


def test_coredis_is_held_too(redis_server: RedisServer, tmp_path: Path) -> None:
    """A client of another family, which reads in a task of its own."""
    world = run_held(redis_server, written(tmp_path, coredis_guard(COREDIS)))
    steps = ["SET", "MULTI INCR GET", "INCR", "GET", "EVAL", "effect"]
    assert seen_by_w0(world) == (steps, [1, 2, 2, 3, 3, 4])


@pytest.mark.parametrize("kind", ["reply_lost", "late_request"])
def test_coredis_is_told_what_struck(kind: str, redis_server: RedisServer, tmp_path: Path) -> None:
    """Whatever it raises, the call ends without an answer, and the next one counts from what was applied."""
    body = "return dict(counter=await client.incr(key))"
    world = run_held(redis_server, written(tmp_path, coredis_guard(body)), f"w0!{kind}")
    (told,) = [each for each in world.trace.events if isinstance(each, Complete) and each.process == "w0"]
    assert told.outcome is Outcome.INDETERMINATE
    assert answers(world.trace.events)["r1"] == {"counter": 2 if kind == "reply_lost" else 1}
