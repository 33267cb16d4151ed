"""P23 and P24: a smoke test of the parts, end to end; ``python -m benchmarks.figures.smoke`` is one run.

One order: the server is looked at, the order is placed once, asked for again, and again with another payload; the
server is killed and comes back; the breaker and the audit are told. Each answer is checked.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.figures.measured import Case, case_of
from benchmarks.workload import ALWAYS, PAYLOAD, RECEIPT, WrongAnswerError, effect
from harness.redis_server.server import RedisServer
from safety_core.idempotency import GuardSettings, Outcome, SideEffectWrapper
from safety_core.job_safety.circuit_breaker import CircuitBreaker
from safety_core.job_safety.retry_audit import RetryAudit
from safety_core.runtime_checks import Level, RedisRuntimeValidator

if TYPE_CHECKING:
    from benchmarks.rows import Effort

_RUNS = 40
_PROCESS_S, _END_TO_END_S = 5.0, 1.0
_JOB = "place_order"


def whole_run(effort: Effort) -> list[Case]:
    """P23: a fresh interpreter that runs the smoke test, its imports included."""
    spent = []
    for _ in range(effort.scaled(_RUNS // 2)):
        began = perf_counter()
        subprocess.run([sys.executable, "-m", __name__], check=True)
        spent.append(perf_counter() - began)
    return [case_of("one run, interpreter and imports included", "s", spent, limit=_PROCESS_S, setting=ALWAYS)]


def end_to_end(effort: Effort) -> list[Case]:
    """P24: the same in this process, a server of its own each time."""
    spent = []
    for _ in range(effort.scaled(_RUNS)):
        began = perf_counter()
        smoke()
        spent.append(perf_counter() - began)
    return [case_of("one order, through a kill of Redis", "s", spent, limit=_END_TO_END_S, setting=ALWAYS)]


def smoke() -> None:
    """Place one order end to end.

    Raises:
        WrongAnswerError: A part answered something else than it must.
    """
    with (
        RedisServer(appendonly=True, appendfsync="always") as server,
        tempfile.TemporaryDirectory() as folder,
        RetryAudit(folder) as audit,
        SideEffectWrapper(server.tcp_url, settings=GuardSettings()) as guard,
        CircuitBreaker(server.tcp_url) as breaker,
    ):
        _expect(RedisRuntimeValidator(server.tcp_url).validate_on_startup().level, Level.OK)
        guard.prepare()
        placed = guard.execute_once("order", "smoke", effect, payload=PAYLOAD)
        _expect((placed.outcome, placed.result), (Outcome.EXECUTED, RECEIPT))
        _expect(_again(guard, PAYLOAD), Outcome.REPLAYED)
        _expect(_again(guard, {**PAYLOAD, "quantity": "2"}), Outcome.CONFLICT)
        _expect(breaker.record(breaker.allow(_JOB), "success").counted, ("counted",))
        audit.begin(job_id="smoke", user_or_system="system", retry_reason="smoke").succeeded()
        _expect(audit.verify().is_complete, expected=True)
        _expect(audit.unfinished(), [])
        server.restart()
        with SideEffectWrapper(server.tcp_url, settings=GuardSettings()) as later:
            _expect(_again(later, PAYLOAD), Outcome.REPLAYED)


def _again(guard: SideEffectWrapper, payload: object) -> Outcome:
    return guard.execute_once("order", "smoke", effect, payload=payload).outcome


def _expect(seen: object, expected: object) -> None:
    if seen != expected:
        raise WrongAnswerError(f"the smoke test saw {seen!r}; expected {expected!r}")


if __name__ == "__main__":
    smoke()
