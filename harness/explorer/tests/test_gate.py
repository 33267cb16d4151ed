"""What the greenlet gate takes for one step, what it keeps of a connection, and what it refuses to hold."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import pytest
import redis

from harness.explorer.gate.commands import CommandTable
from harness.explorer.gate.resp import packed
from harness.explorer.gate.wire import Wire, WirePool
from harness.explorer.tests.exploring import NEEDS_CLOCK, explore
from harness.explorer.tests.probes import answers, commands, probe
from harness.explorer.world.steps import CommandStep
from harness.faults.registry import ALL
from verify.history.promises import Promise
from verify.history.words import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from harness.redis_server.server import RedisServer
    from harness.subjects.contract import Effect, Guard


def doing(body: Callable[[redis.Redis, str, Effect], Any], promise: Promise = Promise.AT_MOST_ONCE) -> Any:
    """Return the subject whose guard does *body* and then performs the effect."""

    def guard_of(client: redis.Redis, _lease_s: float) -> Guard:
        def guard(key: str, payload: Mapping[str, Any], effect: Effect) -> Any:
            done = body(client, key, lambda: effect(payload))
            return effect(payload) if done is None else done

        return guard

    return probe(guard_of, promise=promise)


@pytest.mark.parametrize(("transaction", "steps"), [(True, ["MULTI INCRBY SET"]), (False, ["INCRBY", "SET"])])
def test_transaction_is_one_step_and_pipeline_its_commands(
    transaction: bool, steps: list[str], redis_server: RedisServer, tmp_path: Path
) -> None:
    """MULTI ... EXEC happens at one point; a pipeline without it can be interrupted between its commands."""

    def body(client: redis.Redis, key: str, _effect: Effect) -> list[Any]:
        with client.pipeline(transaction=transaction) as pipe:
            pipe.incr(key)
            pipe.set(f"{key}:other", "value")
            return pipe.execute()

    explored = explore(redis_server, tmp_path, doing(body))
    assert [step.name for step in explored.steps[1] if step.process == "w0"] == steps
    assert answers(explored.histories[1]) == {"w0": [1, True], "r1": [2, True]}


def test_script_is_one_step_and_names_its_keys(redis_server: RedisServer, tmp_path: Path) -> None:
    """A script call is one step; the keys it declares are seen, and nothing else of it."""

    def body(client: redis.Redis, key: str, _effect: Effect) -> Any:
        return client.eval("return redis.call('INCR', KEYS[1])", 1, key, "argument")

    explored = explore(redis_server, tmp_path, doing(body))
    step = explored.steps[1][0]
    assert (step.name, step.keys, step.outcome) == ("EVAL", ("k0",), "1")


def test_client_knows_the_replies_that_it_knows_elsewhere(redis_server: RedisServer, tmp_path: Path) -> None:
    """What redis-py does again for every client comes to the same in a process, and is redis-py's own afterwards."""
    ordinary = redis.client.CaseInsensitiveDict.__init__
    seen: list[Any] = []

    def body(client: redis.Redis, key: str, _effect: Effect) -> None:
        seen.append((redis.client.CaseInsensitiveDict.__init__, sorted(client.response_callbacks)))
        client.get(key)

    explore(redis_server, tmp_path, doing(body))
    assert [init for init, _ in seen if init is ordinary] == []
    assert seen[0][1] == sorted(redis_server.client().response_callbacks)
    assert redis.client.CaseInsensitiveDict.__init__ is ordinary
    assert redis.client.CaseInsensitiveDict({"get": "a"})["GET"] == "a"


@pytest.mark.parametrize(("at", "is_done"), [(None, False), (0, True), (1, True)])
def test_watch_is_lost_with_its_connection(
    at: int | None, is_done: bool, redis_server: RedisServer, tmp_path: Path
) -> None:
    """A watched key that changed refuses EXEC; after a cut nothing is watched any more, as on a real server."""

    def body(client: redis.Redis, key: str, _effect: Effect) -> dict[str, bool]:
        connection: Any = client.connection_pool.get_connection()

        def ask(*words: str) -> Any:
            try:
                connection.send_command(*words)
                return connection.read_response()
            except redis.ConnectionError:
                return None

        ask("WATCH", key)
        ask("GET", key)
        client.incr(key)
        for words in (("MULTI",), ("SET", f"{key}:mine", "1")):
            ask(*words)
        done = ask("EXEC")
        client.connection_pool.release(connection)
        return {"is_done": done is not None}

    explored = explore(redis_server, tmp_path, doing(body), faults=1, kinds=[ALL["request_lost"]])
    begins = ("w0",) * 4 if at is None else ("w0",) * at + ("w0!request_lost",)
    for events in explored.beginning(*begins):
        told = answers(events)["w0"]
        # A schedule that begins without a fault may still lose the request of its EXEC.
        assert told == {"is_done": is_done}


@pytest.mark.parametrize(("begins", "lands"), [(("late(w0.2)",), True), (("w0", "w0", "late(w0.2)"), False)])
def test_late_transaction_is_still_under_its_watch(
    begins: tuple[str, ...], lands: bool, redis_server: RedisServer, tmp_path: Path
) -> None:
    """A MULTI block that lands late is refused where the watched key has changed since, as on a real server."""

    # What comes before the key has changed: UNWATCH, which redis-py sends on its new connection, and the INCR.
    def body(client: Any, key: str, _effect: Effect) -> dict[str, Any]:
        with client.pipeline() as pipe, contextlib.suppress(redis.RedisError):
            pipe.watch(key)
            pipe.multi()
            pipe.set(f"{key}:mine", "1")
            pipe.execute()
        client.incr(key)
        return {"landed": client.exists(f"{key}:mine") == 1}

    explored = explore(redis_server, tmp_path, doing(body), faults=1, kinds=[ALL["late_request"]])
    for events in explored.beginning("w0", "w0!late_request", *begins):
        assert answers(events)["w0"] == {"landed": lands}


def test_late_watch_is_nobody_elses(redis_server: RedisServer, tmp_path: Path) -> None:
    """A WATCH that lands late watches for its lost connection alone: another connection's EXEC is not refused."""

    def body(client: Any, key: str, _effect: Effect) -> Any:
        with client.pipeline() as pipe, contextlib.suppress(redis.RedisError):
            pipe.watch(key)
        client.incr(key)
        with client.pipeline() as pipe:
            pipe.set(key, "1")
            return pipe.execute()

    explored = explore(redis_server, tmp_path, doing(body), faults=1, kinds=[ALL["late_request"]])
    for events in explored.beginning("w0!late_request", "late(w0.1)"):
        assert answers(events)["w0"] == [True]


def test_fresh_clients_cost_no_round_trips(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many clients are made, one wire is opened and set up once; the rest of its traffic is steps."""
    asked: list[bytes] = []
    pools: list[WirePool] = []
    ask, close = Wire.ask, WirePool.close

    def counted(wire: Wire, raw: bytes) -> tuple[bytes, Any]:
        asked.append(raw)
        return ask(wire, raw)

    def noted(pool: WirePool) -> None:
        pools.append(pool)
        close(pool)

    monkeypatch.setattr(Wire, "ask", counted)
    monkeypatch.setattr(WirePool, "close", noted)
    few = explore(redis_server, tmp_path, commands(1), workers=2)
    set_up = len(asked) - few.record.schedules * 3
    asked.clear()
    many = explore(redis_server, tmp_path, commands(3), workers=2)
    assert len(asked) - many.record.schedules * 9 == set_up < 8
    assert [pool.opened for pool in pools] == [1, 1]


def _subscribe(client: Any, key: str, _effect: Effect) -> None:
    client.pubsub().subscribe(key)


def _monitor(client: Any, _key: str, _effect: Effect) -> None:
    with client.monitor() as monitor:
        monitor.next_command()


def _swallow(client: Any, key: str, _effect: Effect) -> None:
    try:
        client.execute_command("MONITOR")
    except Exception:  # noqa: BLE001 - the misbehaviour under test
        client.set(key, "went on")


async def _later() -> None:
    """Stand for what an asynchronous guard returns."""


def _answer_asynchronously(_client: redis.Redis, _key: str, _effect: Effect) -> Any:
    return _later()


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (_subscribe, "SUBSCRIBE"),
        (_monitor, "MONITOR"),
        (_swallow, "MONITOR"),
        (_answer_asynchronously, "asynchronous"),
    ],
)
def test_what_the_gate_cannot_hold_ends_with_a_reason(
    body: Callable[[redis.Redis, str, Effect], Any], named: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Streams and coroutines end the exploration with a reason that names them, never VALID."""
    explored = explore(redis_server, tmp_path, doing(body), workers=2)
    assert named in explored.record.reason
    assert not explored.record.exhausted
    assert explored.judge().verdict is Verdict.UNKNOWN


def test_polling_lock_of_redis_py_ends(redis_server: RedisServer, tmp_path: Path) -> None:
    """A process that sleeps between its tries yields to the holder, and every schedule comes to its end."""

    def body(client: redis.Redis, key: str, effect: Effect) -> Any:
        with client.lock(f"lock:{key}", timeout=30, sleep=0.1):
            return effect()

    subject = doing(body, Promise.MUTUAL_EXCLUSION)
    explored = explore(redis_server, tmp_path, subject, workers=2)
    assert explored.record.reason == ""
    assert explored.record.step_limited == 0
    assert explored.judge().verdict is Verdict.VALID
    # The first exploration met a server that knew no script, the second one did not.
    assert explore(redis_server, tmp_path, subject, workers=2).lines == explored.lines
    assert {step.name for step in explored.steps[1]} == {"SET", "effect", "EVALSHA"}


@NEEDS_CLOCK
def test_sleeper_wakes_when_time_has_passed(redis_server: RedisServer, tmp_path: Path) -> None:
    """Where nobody else can move, time does: a process that waits for the end of a lease gets there."""

    def body(client: redis.Redis, key: str, _effect: Effect) -> dict[str, bool]:
        client.set(key, "here", ex=30)
        while client.get(key) is not None:
            time.sleep(1)
        return {"is_gone": True}

    explored = explore(redis_server, tmp_path, doing(body))
    assert answers(explored.histories[1])["w0"] == {"is_gone": True}


def _poll_for_ever(client: redis.Redis, key: str, _effect: Effect) -> None:
    while client.get(f"{key}:never") is None:
        time.sleep(1)


def _spin_for_ever(client: redis.Redis, key: str, _effect: Effect) -> None:
    while client.get(f"{key}:never") is None:
        pass


@pytest.mark.parametrize("body", [_poll_for_ever, _spin_for_ever])
def test_process_that_never_ends_leaves_the_verdict_unknown(
    body: Callable[[redis.Redis, str, Effect], Any], redis_server: RedisServer, tmp_path: Path
) -> None:
    """A schedule that goes on for ever is counted as such, and what it would have shown stays unknown."""
    explored = explore(redis_server, tmp_path, doing(body))
    assert explored.record.step_limited > 0
    assert explored.judge().verdict is Verdict.UNKNOWN


NAMING = {
    b"get a": (b"a",),
    b"GET": (),
    b"mset a 1 b 2": (b"a", b"b"),
    b"DEL a b c": (b"a", b"b", b"c"),
    b"EVAL text 2 a b c": (b"a", b"b"),
    b"EVALSHA sha none": None,
    b"PING": (),
    b"SCRIPT LOAD text": (),
    b"SCRIPT FLUSH": None,
    b"FLUSHALL": None,
    b"NO.SUCH a": None,
}
"""Requests, and the keys that each names: None where it may touch what it does not name."""


def test_table_of_the_server_tells_reads_from_writes(redis_server: RedisServer) -> None:
    """Keys and writes are what the server says they are; scripts and unknown commands may write."""
    with redis_server.client() as client:
        commands = CommandTable.ask(client).commands
    named = [commands[words.split()[0]].keys(words.split()) for words in NAMING]
    assert named == list(NAMING.values())
    assert [commands[word].may_write for word in (b"GET", b"SET", b"EVALSHA", b"EVAL_RO", b"NO.SUCH")] == [
        False,
        True,
        True,
        False,
        True,
    ]


TELLING = [
    ("SET a 1", True),
    ("SET a 2 NX", False),
    ("SET b 1 EX 100", True),
    ("SET a 3 GET", True),
    ("SETNX a 1", False),
    ("EXPIRE a 100", True),
    ("EXPIRE none 100", False),
    ("PERSIST a", True),
    ("PERSIST a", False),
    ("HSETNX h f 1", True),
    ("HSETNX h f 2", False),
    ("SET h 1 KEEPTTL XX", True),
    ("DEL a b none", True),
    ("DEL none", False),
    ("UNLINK h", True),
    ("SET long value", True),
    ("EVAL return(redis.call('GET',KEYS[1])) 1 a", False),
    ("EVAL return(redis.call('STRLEN',KEYS[1])) 1 long", False),
    ("EVAL return(redis.call('SET',KEYS[1],1)) 1 a", True),
]
"""Commands in their order, and whether each changes anything."""


def test_pool_knows_what_each_command_has_changed(redis_server: RedisServer) -> None:
    """From the reply where it tells, from the server's count elsewhere; the two never drift apart."""
    with redis_server.client() as client:
        commands = CommandTable.ask(client).commands
    pool = WirePool.to(redis_server.url)
    pool.recount()
    seen = []
    for command, _ in TELLING:
        words = command.encode().split()
        step = CommandStep(
            name=words[0].decode(),
            keys=commands[words[0]].keys(words),
            may_write=commands[words[0]].may_write,
            parts=(packed(*words),),
            signature=(),
        )
        seen.append((command, pool.exchange(step)[2]))
    pool.close()
    assert seen == TELLING
