"""P5 to P9: the metrics guard, the breaker, and the recording of what happened."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.figures.measured import Case, case_of, in_ms
from benchmarks.workload import NEVER, WrongAnswerError
from harness.explorer.gate.placement import on_one_core
from harness.redis_server.server import RedisServer
from safety_core.job_safety.circuit_breaker import CircuitBreaker
from safety_core.job_safety.retry_metrics import RetryMetrics
from safety_core.metrics import MetricsCardinalityGuard

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.rows import Effort

_CALLS = 4_000
_BATCH = 100
_GUARD_MS, _GUARD_IN_MEMORY_MS, _RECORDED_MS = 0.5, 0.1, 2.0
_BREAKER_MS, _BREAKER_OPERATION_MS = 1.0, 0.5
_JOB = "place_order"
_MEMORY = "in memory"


def metrics_guard(effort: Effort) -> list[Case]:
    """P5: one count behind the guard."""
    return [_counted(effort, _GUARD_MS)]


def metrics_guard_in_memory(effort: Effort) -> list[Case]:
    """P6: the same, against the smaller figure that was stated."""
    return [_counted(effort, _GUARD_IN_MEMORY_MS)]


def breaker_check(effort: Effort) -> list[Case]:
    """P7: asking a closed breaker."""
    return _breaker(effort, _BREAKER_MS)[:1]


def breaker_operation(effort: Effort) -> list[Case]:
    """P8: each operation of the breaker that touches Redis."""
    return _breaker(effort, _BREAKER_OPERATION_MS)


def recording(effort: Effort) -> list[Case]:
    """P9: the metrics of one retry, from its begin to its end, and what a scrape costs."""
    metrics = RetryMetrics()

    def retry() -> None:
        metrics.retry_begun(_JOB, "timeout", 2, 5)
        metrics.retry_ended(_JOB, success=True)

    def scrape() -> None:
        if b"retry_attempts" not in metrics.exposition():
            raise WrongAnswerError("what was counted is not in the exposition")

    return [
        case_of("a retry: begun and ended", "ms", _in_batches(effort, retry), limit=_RECORDED_MS, setting=_MEMORY),
        case_of("one scrape of every metric", "ms", in_ms(_timed(effort.scaled(_CALLS // 10), scrape))),
    ]


def _counted(effort: Effort, limit: float) -> Case:
    metric = MetricsCardinalityGuard("strict").counter("calls", "Calls.", ("job_type", "result"))

    def count() -> None:
        metric.labels(job_type=_JOB, result="success").inc()

    case = "labels().inc() behind the guard, in strict mode"
    return case_of(case, "ms", _in_batches(effort, count), limit=limit, setting=_MEMORY)


def _breaker(effort: Effort, limit: float) -> list[Case]:
    allowed: list[float] = []
    recorded: list[float] = []
    with RedisServer() as server, on_one_core(server.pid), CircuitBreaker(server.tcp_url) as breaker:
        breaker.record(breaker.allow(_JOB), "success")
        for _ in range(effort.scaled(_CALLS)):
            began = perf_counter()
            permit = breaker.allow(_JOB)
            between = perf_counter()
            counted = breaker.record(permit, "success").counted
            recorded.append(perf_counter() - between)
            allowed.append(between - began)
            if counted != ("counted",):
                raise WrongAnswerError(f"the breaker recorded {counted}; expected `counted`")
    return [
        case_of(f"{name}, breaker closed", "ms", in_ms(spent), limit=limit, setting=NEVER)
        for name, spent in (("allow", allowed), ("record", recorded))
    ]


def _in_batches(effort: Effort, act: Callable[[], None]) -> list[float]:
    """Return milliseconds of single calls, each the mean of a batch: one is shorter than the clock is fine."""

    def batch() -> None:
        for _ in range(_BATCH):
            act()

    return [each / _BATCH for each in in_ms(_timed(effort.scaled(_CALLS // 10), batch))]


def _timed(count: int, act: Callable[[], None]) -> list[float]:
    act()
    spent = []
    for _ in range(count):
        began = perf_counter()
        act()
        spent.append(perf_counter() - began)
    return spent
