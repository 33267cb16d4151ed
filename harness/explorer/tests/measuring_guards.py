"""Guards that protect nothing and answer with what a fault did to them: one factory each, for every gate.

Nothing of ours is imported, so that a process of its own can run them.
"""

from __future__ import annotations

import datetime as dt
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Payload = Mapping[str, Any]
    Effect = Callable[[Payload], Mapping[str, Any]]
    Measure = Callable[[redis.Redis, str, Payload, Effect], Any]
    Guard = Callable[[str, Payload, Effect], Any]

_TIME_LIMIT_S = 5.0
_SERVER_TIME = "local now = redis.call('TIME') return now[1] * 1000 + math.floor(now[2] / 1000)"
_COUNT = "return redis.call('INCR', KEYS[1])"


def _factory(measure: Measure) -> Callable[[str, float], Guard]:
    """Return the factory of guards that *measure* with a client that never tries again."""

    def make(redis_url: str, _lease_s: float) -> Guard:
        client = redis.Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0), socket_timeout=_TIME_LIMIT_S)
        return lambda key, payload, effect: measure(client, key, payload, effect)

    make.promise = "at_most_once"  # type: ignore[attr-defined]  # the attribute of the contract
    return make


@_factory
def counting(client: redis.Redis, key: str, _payload: Payload, _effect: Effect) -> dict[str, Any]:
    """Count once; answer what was raised and what the counter is then."""
    raised = ""
    try:
        client.incr(key)
    except redis.RedisError as error:
        raised = type(error).__name__
    return {"raised": raised, "counter": int(client.get(key) or 0)}


@_factory
def counting_by_script(client: redis.Redis, key: str, _payload: Payload, _effect: Effect) -> dict[str, Any]:
    """Do the same by a script that the server is told of first."""
    raised = ""
    try:
        client.evalsha(client.script_load(_COUNT), 1, key)
    except redis.RedisError as error:
        raised = type(error).__name__
    return {"raised": raised, "counter": int(client.get(key) or 0)}


@_factory
def speaking_last_words(client: redis.Redis, key: str, payload: Payload, effect: Effect) -> dict[str, Any]:
    """Count, and leave a mark and an effect in ``finally``; answer what was found of the mark before."""
    left = client.get(f"{key}:left")
    try:
        return {"left": left, "counter": client.incr(key)}
    finally:
        client.set(f"{key}:left", "something")
        effect(payload)


@_factory
def swallowing_its_death(client: redis.Redis, key: str, _payload: Payload, _effect: Effect) -> dict[str, Any]:
    """Try to count again and again, whatever is raised."""
    while True:
        try:
            return {"counter": client.incr(key)}
        except BaseException:  # noqa: BLE001, S112 - the misbehaviour under test
            continue


@_factory
def counting_plainly(client: redis.Redis, key: str, _payload: Payload, _effect: Effect) -> dict[str, Any]:
    """Count once, in one step."""
    return {"counter": client.incr(key)}


def _clocks(client: redis.Redis, key: str) -> dict[str, float]:
    """Return every clock that a guard can read, in seconds; the remaining life of a key counts backwards."""
    seconds, microseconds = client.time()
    return {
        "TIME": seconds + microseconds / 1e6,
        "TIME in a script": int(client.eval(_SERVER_TIME, 0)) / 1e3,
        "PTTL": -client.pttl(key) / 1e3,
        "time.time": time.time(),
        "time.time_ns": time.time_ns() / 1e9,
        "time.monotonic": time.monotonic(),
        "time.monotonic_ns": time.monotonic_ns() / 1e9,
        "datetime.now": dt.datetime.now(tz=dt.UTC).timestamp(),
    }


@_factory
def reading_clocks(client: redis.Redis, key: str, _payload: Payload, _effect: Effect) -> dict[str, float]:
    """Answer how far each clock has moved around one PING."""
    client.set(key, "here", ex=3600)
    before = _clocks(client, key)
    client.ping()
    after = _clocks(client, key)
    return {name: after[name] - before[name] for name in before}


def leasing(redis_url: str, lease_s: float) -> Guard:
    """Make a guard that sets a key for the length of a lease and answers whether it is there."""

    def measure(client: redis.Redis, key: str, _payload: Payload, _effect: Effect) -> dict[str, bool]:
        client.set(key, "here", ex=int(lease_s))
        return {"is_there": bool(client.exists(key))}

    return _factory(measure)(redis_url, lease_s)


@_factory
def performing(client: redis.Redis, key: str, payload: Payload, effect: Effect) -> dict[str, Any]:
    """Perform the effect, take one step more, and answer what was raised."""
    told: dict[str, Any] = {"raised": "", "definite": None}
    try:
        effect(payload)
    except Exception as error:  # noqa: BLE001 - what the venue raises has its own class in each gate
        told = {"raised": type(error).__name__, "definite": getattr(error, "definite", None)}
    client.get(key)
    return told


@_factory
def setting_two_keys(client: redis.Redis, key: str, _payload: Payload, _effect: Effect) -> dict[str, Any]:
    """Set two keys; answer what they hold."""
    client.mset({key: "1", f"{key}:other": "2"})
    return {"mine": client.get(key), "other": client.get(f"{key}:other")}


@_factory
def setting_three_keys(client: redis.Redis, key: str, _payload: Payload, _effect: Effect) -> dict[str, Any]:
    """Set three keys; answer how many there are after a PING that may find its connection gone."""
    for number in "123":
        client.set(f"{key}:{number}", "here")
    with suppress(redis.ConnectionError):
        client.ping()
    return {"there": client.exists(*(f"{key}:{number}" for number in "123")), "last": client.get(f"{key}:3")}


def _ids(client: redis.Redis) -> tuple[str, str]:
    """Return the server's run id and its replication id."""
    return str(client.info("server")["run_id"]), str(client.info("replication")["master_replid"])


@_factory
def knowing_its_server(client: redis.Redis, _key: str, _payload: Payload, _effect: Effect) -> dict[str, Any]:
    """Answer whether the server is another one after a PING, and whether it knows a script of before."""
    digest = client.script_load(_COUNT)
    before = _ids(client)
    with suppress(redis.ConnectionError):
        client.ping()
    after = _ids(client)
    known = client.script_exists(digest)[0]
    return {"is_other": [one != other for one, other in zip(before, after, strict=True)], "knows": known}


@_factory
def waiting_in_vain(client: redis.Redis, key: str, payload: Payload, effect: Effect) -> dict[str, Any]:
    """Count; perform the effect where the time limit is reached; answer the counter."""
    try:
        client.incr(key)
    except redis.TimeoutError:
        effect(payload)
    return {"counter": int(client.get(key) or 0)}


@_factory
def using_two_connections(client: redis.Redis, key: str, _payload: Payload, _effect: Effect) -> dict[str, Any]:
    """Write over two connections, lose one under way, and write over the other, which was idle."""
    pool = client.connection_pool
    other = redis.Redis(connection_pool=type(pool)(pool.connection_class, **pool.connection_kwargs))
    client.set(f"{key}:1", "here")
    other.set(f"{key}:2", "here")
    with suppress(redis.ConnectionError):
        client.ping()
    return {"written": other.set(f"{key}:3", "here")}
