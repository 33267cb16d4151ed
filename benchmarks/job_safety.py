"""The breaker, the metrics guard and the audit, each against the least that its work needs."""

from __future__ import annotations

import os
import socket
import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.interleaving import in_batches, side_by_side, timed
from benchmarks.rows import Row
from benchmarks.workload import WrongAnswerError
from harness.redis_server.server import RedisServer
from safety_core.idempotency.lua import bulk_text
from safety_core.job_safety.circuit_breaker import CircuitBreaker
from safety_core.job_safety.circuit_breaker.asking import new_token
from safety_core.job_safety.circuit_breaker.scripts import ALLOW, RECORD
from safety_core.job_safety.retry_audit import RetryAudit
from safety_core.metrics import MetricsCardinalityGuard
from safety_core.metrics.prometheus_parts import MetricKind, make_metric, new_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.interleaving import Samples
    from benchmarks.rows import Effort

BREAKER, METRICS, AUDIT = "breaker", "metrics-guard", "audit-append"
_BREAKER_LIMIT, _METRICS_LIMIT, _AUDIT_LIMIT = 1.5, 1.3, 1.5
_CALLS, _TURN = 600, 50
_SYNCED_CALLS, _SYNCED_TURN = 100, 2
_RECEIVED = 4096
_JOB = "place_order"


def breaker(effort: Effort) -> list[Row]:
    """Measure allow and record on a closed breaker against their scripts from a bare socket, over TCP."""
    with RedisServer() as server, CircuitBreaker(server.tcp_url) as made, _connected(server) as link:
        made.record(made.allow(_JOB), "success")
        samples = side_by_side(
            {"bare": lambda n: _bare_calls(link, made, n), "ours": lambda n: _guarded_calls(made, n)},
            effort,
            calls=effort.scaled(_CALLS),
            turn=_TURN,
        )
    return [_row(BREAKER, "allow + record / its scripts from a bare socket", _BREAKER_LIMIT, samples)]


def metrics_guard(effort: Effort) -> list[Row]:
    """Measure `labels().inc()` behind the guard against that of prometheus_client."""
    labels = ("job_type", "result")
    ours = MetricsCardinalityGuard("strict").counter("calls", "Calls.", labels)
    bare = make_metric(MetricKind.COUNTER, "calls", "Calls.", labels, registry=new_registry())
    samples = side_by_side(
        {
            "bare": in_batches(lambda: bare.labels(job_type=_JOB, result="success").inc()),
            "ours": in_batches(lambda: ours.labels(job_type=_JOB, result="success").inc()),
        },
        effort,
        calls=effort.scaled(_CALLS),
        turn=_TURN,
    )
    return [_row(METRICS, "labels().inc() / without the guard", _METRICS_LIMIT, samples)]


def audit_append(effort: Effort) -> list[Row]:
    """Measure one record of the audit against a bare append of the same bytes with an fsync."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, RetryAudit(folder, buffer_size=1_000_000) as audit:
        first = audit.record(**_columns())
        if first is None:
            raise WrongAnswerError("the audit did not write its first record")
        line = first.as_line()
        bare = os.open(Path(folder) / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            samples = side_by_side(
                {
                    "bare": timed(lambda: _append(bare, line)),
                    "ours": timed(lambda: audit.record(**_columns())),
                },
                effort,
                calls=effort.scaled(_SYNCED_CALLS),
                turn=_SYNCED_TURN,
            )
        finally:
            os.close(bare)
    return [_row(AUDIT, "a record / a bare fsynced append", _AUDIT_LIMIT, samples)]


def _append(descriptor: int, line: bytes) -> None:
    os.write(descriptor, line)
    os.fsync(descriptor)


def _columns() -> dict[str, Any]:
    return {"job_id": "job-17", "user_or_system": "system", "retry_reason": "timeout", "attempt_number": 2}


@contextmanager
def _connected(server: RedisServer) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield link


def _bare_calls(link: socket.socket, made: CircuitBreaker, count: int) -> list[float]:
    """Send the scripts of so many calls, packed before."""
    places, retention = made.terms.places(_JOB), made.terms.retention
    packets = []
    for _ in range(count):
        token = bulk_text(new_token())
        end = b"".join((token, retention, bulk_text(0), bulk_text("S"), bulk_text(0), places.record_tails[0]))
        packets.append(
            (
                ALLOW[1].head[4] + places.keys + token + retention + places.allow_tail,
                RECORD[1].head[9] + places.keys + end,
            )
        )
    spent = []
    for allow, record in packets:
        began = perf_counter()
        link.sendall(allow)
        link.recv(_RECEIVED)
        link.sendall(record)
        reply = link.recv(_RECEIVED)
        spent.append(perf_counter() - began)
        if b"counted" not in reply:
            raise WrongAnswerError(f"the bare socket's RECORD was answered {reply!r}; expected `counted`")
    return spent


def _guarded_calls(made: CircuitBreaker, count: int) -> list[float]:
    spent = []
    for _ in range(count):
        began = perf_counter()
        recorded = made.record(made.allow(_JOB), "success")
        spent.append(perf_counter() - began)
        if recorded.counted != ("counted",):
            raise WrongAnswerError(f"the breaker recorded {recorded.counted}; expected `counted`")
    return spent


def _row(benchmark: str, case: str, limit: float, samples: Samples) -> Row:
    floor = samples.latency("bare")
    return Row(
        benchmark=benchmark,
        case=case,
        ratio=samples.ratio("ours", "bare"),
        limit=limit,
        latency=samples.latency("ours"),
        note=f"bare {floor.p50_us:.1f}/{floor.p99_us:.1f} us",
        figures={"bare_p50_us": floor.p50_us, "bare_p99_us": floor.p99_us},
    )
