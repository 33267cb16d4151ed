"""What a crash and what a scenario cost, against the start of an empty server in the same run.

A bare start is a server without keys, from nothing to its first PONG. Each contender ends what it began before the
next has its turn, and only what is named in its case is timed.
"""

from __future__ import annotations

from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.interleaving import side_by_side
from benchmarks.rows import Row
from benchmarks.workload import WrongAnswerError
from harness.redis_server.choice import EmbeddedChoice, parse_choice
from harness.redis_server.server import RedisServer
from harness.subjects.loading import load_subject
from scenarios import kill_redis
from scenarios.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.interleaving import Samples, Turn
    from benchmarks.rows import Effort

RESTART_NAME, STAGE_NAME = "crash-restart", "scenario-stage"

_RESTART_LIMIT, _STAGE_LIMIT = 3.5, 4.0
_KEYS = 10_000
_VALUE = b"x" * 340
"""As many bytes as a record with a small result takes."""
_CALLS = 3
_BARE, _RESTART, _STAGE = "bare start", "crash + restart", "stage"


def crash_and_restart(effort: Effort) -> list[Row]:
    """Kill a server that has an append-only file, and wait until it answers with every key."""
    with _full_server() as server:
        samples = side_by_side({_BARE: _bare_start, _RESTART: _restart(server)}, effort, calls=_CALLS, turn=1)
    row = _row(RESTART_NAME, f"SIGKILL, start, {_KEYS:,} keys read / bare start", _RESTART_LIMIT, samples, _RESTART)
    return [row]


def stage(effort: Effort) -> list[Row]:
    """Set up and tear down the stage of a story: server, clock, venue, room for the crew."""
    samples = side_by_side({_BARE: _bare_start, _STAGE: _set_up_and_tear_down}, effort, calls=_CALLS, turn=1)
    case = f"stage of {kill_redis.STORY.name} set up and torn down / bare start"
    return [_row(STAGE_NAME, case, _STAGE_LIMIT, samples, _STAGE)]


def _row(name: str, case: str, limit: float, samples: Samples, measured: str) -> Row:
    ms = {each: us / 1000 for each, us in samples.typical_us().items()}
    return Row(
        benchmark=name,
        case=case,
        ratio=samples.ratio(measured, _BARE),
        limit=limit,
        latency=samples.latency(measured),
        durability="appendonly yes, appendfsync everysec",
        note=", ".join(f"{each} {value:.0f} ms" for each, value in ms.items()),
        figures={f"{each}_ms": value for each, value in ms.items()},
    )


def _bare_start(calls: int) -> list[float]:
    spent = []
    for _ in range(calls):
        server = RedisServer()
        began = perf_counter()
        server.start()
        spent.append(perf_counter() - began)
        server.stop()
    return spent


@contextmanager
def _full_server() -> Iterator[RedisServer]:
    with RedisServer(appendonly=True) as server:
        pipeline = server.client().pipeline(transaction=False)
        for number in range(_KEYS):
            pipeline.set(f"key-{number}", _VALUE)
        pipeline.execute()
        yield server


def _restart(server: RedisServer) -> Turn:
    def turn(calls: int) -> list[float]:
        spent = []
        for _ in range(calls):
            began = perf_counter()
            server.restart()
            spent.append(perf_counter() - began)
            if (kept := server.client().dbsize()) != _KEYS:
                raise WrongAnswerError(f"the server came back with {kept} keys; expected {_KEYS}")
        return spent

    return turn


def _set_up_and_tear_down(calls: int) -> list[float]:
    choice, subject = parse_choice("embedded"), load_subject("reference")
    if not isinstance(choice, EmbeddedChoice):
        raise TypeError(choice)
    spent = []
    for _ in range(calls):
        began = perf_counter()
        with Stage(kill_redis.STORY, subject, choice, 0):
            pass
        spent.append(perf_counter() - began)
    return spent
