"""P1 to P4: how long the guard takes beside an effect that takes no time, and how long the validator takes."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.figures.measured import Case, case_of, in_ms
from benchmarks.workload import (
    ALWAYS,
    DURABILITY,
    NEVER,
    WrongAnswerError,
    fresh_ids,
    guard_on,
    guarded_calls,
    server_for,
)
from harness.redis_server.server import RedisServer
from safety_core.idempotency import Mode, Outcome
from safety_core.runtime_checks import Level, RedisRuntimeValidator

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.rows import Effort
    from safety_core.idempotency import SideEffectWrapper

_CALLS, _SYNCED_CALLS, _LOOKS = 4_000, 800, 400
_CHECK_MS, _SETNX_MS, _STARTUP_MS = 1.0, 2.0, 5.0


def first_call(effort: Effort) -> list[Case]:
    """P1: claim, effect and mark, in every mode."""
    return [_of_mode(effort, mode, "a first call: claim, effect, mark", _first_calls, _CHECK_MS) for mode in Mode]


def check(effort: Effort) -> list[Case]:
    """P2: a call that finds the effect done, in every mode."""
    return [_of_mode(effort, mode, "a call whose effect is done: replay", _replays, _CHECK_MS) for mode in Mode]


def setnx_and_get(effort: Effort) -> list[Case]:
    """P3: the two commands that were named, as redis-py sends them, and the whole guard in their place."""
    with server_for(Mode.STRICT) as server, server.client() as client:
        spent = []
        for key in fresh_ids(effort.scaled(_CALLS)):
            began = perf_counter()
            claimed = client.set(key, "claimed", nx=True, ex=60)
            held = client.get(key)
            spent.append(perf_counter() - began)
            if not claimed or held != b"claimed":
                raise WrongAnswerError(f"SET NX and GET of a fresh key were answered {claimed!r} and {held!r}")
    bare = case_of("SET NX and GET with redis-py, no guard", "ms", in_ms(spent), limit=_SETNX_MS, setting=NEVER)
    return [bare, _of_mode(effort, Mode.STRICT, "a first call of the guard", _first_calls, _SETNX_MS)]


def startup(effort: Effort) -> list[Case]:
    """P4: one look of the validator, its connection included."""
    spent = []
    with RedisServer(appendonly=True, appendfsync="always") as server:
        for _ in range(effort.scaled(_LOOKS)):
            validator = RedisRuntimeValidator(server.tcp_url)
            began = perf_counter()
            report = validator.validate_on_startup()
            spent.append(perf_counter() - began)
            if report.level is not Level.OK:
                raise WrongAnswerError(f"the validator said {report.level} of a sound server: {report.sentences}")
    return [case_of("one look, connection included", "ms", in_ms(spent), limit=_STARTUP_MS, setting=ALWAYS)]


def _first_calls(wrapper: SideEffectWrapper, count: int) -> list[float]:
    return guarded_calls(wrapper, fresh_ids(count), Outcome.EXECUTED)


def _replays(wrapper: SideEffectWrapper, count: int) -> list[float]:
    done = fresh_ids(1)
    guarded_calls(wrapper, done, Outcome.EXECUTED)
    return guarded_calls(wrapper, done * count, Outcome.REPLAYED)


def _of_mode(
    effort: Effort, mode: Mode, case: str, calls: Callable[[SideEffectWrapper, int], list[float]], limit: float
) -> Case:
    count = effort.scaled(_SYNCED_CALLS if mode is Mode.DURABLE else _CALLS)
    with server_for(mode) as server, guard_on(server, mode, tcp=True) as wrapper:
        spent = calls(wrapper, count)
    return case_of(f"{mode}: {case}", "ms", in_ms(spent), limit=limit, setting=DURABILITY[mode])
