"""P10 to P14: what the guard keeps in Redis, and the operations and latencies of one server."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, cast

from benchmarks.figures.measured import Case, case_of, in_ms
from benchmarks.record_bytes import VENUE_RECEIPT
from benchmarks.workload import (
    ALWAYS,
    DURABILITY,
    NEVER,
    PAYLOAD,
    WrongAnswerError,
    fresh_ids,
    guard_on,
    guarded_calls,
    server_for,
)
from harness import clock
from harness.explorer.gate.placement import on_one_core
from harness.redis_server.redis_py import info
from harness.redis_server.server import RedisServer
from safety_core.idempotency import GuardSettings, Mode, Outcome
from safety_core.job_safety import RetryGuard

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from benchmarks.rows import Effort
    from safety_core.idempotency import SideEffectWrapper

_RECORDS, _ACTIVE = 20_000, 10_000
_MEMORY_MB, _KEY_BYTES, _ACTIVE_MB, _RETENTION_S = 100.0, 1_000.0, 10.0, 72 * 3600
_RATE_000, _RATE_001, _LATENCY_MS = 200.0, 100.0, 10.0
_WINDOWS, _WINDOW_S = 100, 0.1
_PAIRS = 2_000
_EVERYSEC = "appendonly yes, appendfsync everysec"
_SETTINGS = {NEVER: (False, "everysec"), _EVERYSEC: (True, "everysec"), ALWAYS: (True, "always")}


def memory(effort: Effort) -> list[Case]:
    """P10: what a record takes of a server, and how far 100 MB go."""
    records = effort.scaled(_RECORDS)
    with server_for(Mode.STRICT) as server, guard_on(server, Mode.STRICT, tcp=False) as wrapper:
        client = server.client()
        empty = _used(client)
        _place(wrapper, fresh_ids(records))
        each = (_used(client) - empty) / records
    fit = (_MEMORY_MB * 1e6 - empty) / each
    return [
        _single("a server without records", "MB", empty / 1e6),
        _single(f"a done record, index and expiry included, of {records:,}", "bytes", each),
        _single("records that fit into 100 MB", "", fit),
        _single("effects a second that fit into 100 MB, each kept for 72 hours", "a second", fit / _RETENTION_S),
    ]


def rate_of_200(effort: Effort) -> list[Case]:
    """P11: commands and guarded effects a second, from one process that waits for each answer."""
    return _rates(effort, _RATE_000)


def rate_of_100(effort: Effort) -> list[Case]:
    """P12: the same, against the smaller figure that was stated."""
    return _rates(effort, _RATE_001)


def latency(effort: Effort) -> list[Case]:
    """P13: single commands while 200 of them a second arrive, however the server keeps data."""
    cases = []
    for setting, (appendonly, appendfsync) in _SETTINGS.items():
        with RedisServer(appendonly=appendonly, appendfsync=appendfsync) as server, on_one_core(server.pid):
            spent = _paced(server.client(), effort.scaled(_PAIRS))
        cases.append(
            case_of("SET and GET in turn, 200 a second", "ms", in_ms(spent), limit=_LATENCY_MS, setting=setting)
        )
    return cases


def per_key(effort: Effort) -> list[Case]:
    """P14: bytes of each key, what 10,000 jobs take that are at work, and how long a done one stays."""
    with server_for(Mode.STRICT) as server, guard_on(server, Mode.STRICT, tcp=False) as wrapper:
        client = server.client()
        ids = fresh_ids(effort.scaled(_RECORDS // 10))
        _place(wrapper, ids)
        keys = [wrapper.terms.keys.key(each) for each in ids]
        usage = [cast("int", client.memory_usage(key, samples=0)) for key in keys]
        hours = [client.pttl(key) / 3_600_000 for key in keys]
        before, jobs = _used(client), effort.scaled(_ACTIVE)
        with RetryGuard(server.url, settings=GuardSettings()) as guard:
            for number in range(jobs):
                if guard.begin(f"job-{number}", f"run-{number}", payload=PAYLOAD).run is None:
                    raise WrongAnswerError(f"job-{number} of a fresh key may not run")
            grown = (_used(client) - before) / 1e6
    return [
        case_of("MEMORY USAGE of a done record", "bytes", usage, limit=_KEY_BYTES, setting=NEVER),
        _single(f"{jobs:,} jobs at work, index included", "MB", grown, limit=_ACTIVE_MB * jobs / _ACTIVE),
        case_of("how long a done record stays", "hours", hours),
    ]


def _place(wrapper: SideEffectWrapper, ids: list[str]) -> None:
    """Place so many orders, each with a venue's receipt."""
    for entity_id in ids:
        answer = wrapper.execute_once("order", entity_id, lambda _claim: VENUE_RECEIPT, payload=PAYLOAD)
        if answer.outcome is not Outcome.EXECUTED:
            raise WrongAnswerError(f"the guard answered {answer}; expected {Outcome.EXECUTED}")


def _rates(effort: Effort, least: float) -> list[Case]:
    cases = []
    with server_for(Mode.STRICT) as server, server.client() as client:

        def both() -> int:
            (key,) = fresh_ids(1)
            client.set(key, "value", ex=60)
            return 2 if client.get(key) == b"value" else 0

        cases.append(_rate("SET and GET", effort, both, least, NEVER))
    for mode in Mode:
        with server_for(mode) as server, guard_on(server, mode, tcp=True) as wrapper:
            cases.append(_rate(f"guarded effects, {mode}", effort, _effects(wrapper), least, DURABILITY[mode]))
    return cases


def _effects(wrapper: SideEffectWrapper) -> Callable[[], int]:
    return lambda: len(guarded_calls(wrapper, fresh_ids(1), Outcome.EXECUTED))


def _rate(case: str, effort: Effort, act: Callable[[], int], least: float, setting: str) -> Case:
    """Return how many a second there were in short windows; the p99 is what 99 of 100 windows reached."""
    rates = []
    for _ in range(effort.scaled(_WINDOWS)):
        done, began = 0, perf_counter()
        while (took_s := perf_counter() - began) < _WINDOW_S:
            done += act()
        rates.append(done / took_s)
    return case_of(case, "a second", rates, limit=least, at_least=True, setting=setting)


def _paced(client: redis.Redis, pairs: int) -> list[float]:
    """Send commands as they are due, and not as fast as they are answered; return the seconds that each took."""
    spent = []
    began = perf_counter()
    for number in range(pairs):
        clock.pause_s(max(0.0, began + number / _RATE_000 - perf_counter()))
        sent = perf_counter()
        if number % 2:
            client.get(f"key-{number - 1}")
        else:
            client.set(f"key-{number}", "value", ex=60)
        spent.append(perf_counter() - sent)
    return spent


def _used(client: redis.Redis) -> float:
    return float(cast("int", info(client, "memory")["used_memory"]))


def _single(case: str, unit: str, figure: float, *, limit: float | None = None) -> Case:
    return case_of(case, unit, [figure], limit=limit, setting=NEVER)
