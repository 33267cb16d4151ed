"""The explorer against frontrun on one script: two workers that claim, perform and mark.

frontrun runs them as threads, its usual way, and knows no faults. A schedule of the explorer holds two workers too,
and besides them a redelivery past the lease, at most one fault, and the judgement.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.exploring import KEEPING_THE_STORE, Bounds, explore
from benchmarks.rows import Row, spread_of
from benchmarks.ungated import Ungated
from benchmarks.workload import NEVER, WrongAnswerError, server_for
from harness.explorer.gate.placement import on_one_core
from harness.subjects.loading import load_subject
from safety_core.idempotency import Mode

if TYPE_CHECKING:
    from benchmarks.exploring import Explored
    from benchmarks.rows import Effort
    from harness.redis_server.server import RedisServer

NAME = "versus-frontrun"

_EXECUTIONS, _SCHEDULES = 400, 1_600
_CASES = (
    ("fresh makes", "benchmarks.guards:claim_effect_mark", 10.0),
    ("reused", "benchmarks.guards:claim_effect_mark_reused", 20.0),
)
"""How guards are made, the subject, and how many times as fast it must be."""


def versus_frontrun(effort: Effort) -> list[Row]:
    """Measure both in turn, with fresh guards and with guards that are used again."""
    if importlib.util.find_spec("frontrun") is None:
        return [
            Row(benchmark=NAME, case=_case(how), limit=least, at_least=True, not_run="pip install 'frontrun==0.7.*'")
            for how, _, least in _CASES
        ]
    theirs: list[float] = []
    ours: dict[str, list[float]] = {how: [] for how, _, _ in _CASES}
    most: dict[str, list[float]] = {how: [] for how, _, _ in _CASES}
    bounds = Bounds(kinds=KEEPING_THE_STORE)
    with server_for(Mode.STRICT) as server:
        for _ in range(effort.few):
            theirs.append(_executions_per_s(server, effort.scaled(_EXECUTIONS)))
            for how, subject, _ in _CASES:
                explored = explore(subject, effort.scaled(_SCHEDULES), bounds)
                ours[how].append(explored.per_s)
                most[how].append(_redis_py_per_s(subject, server, explored))
    floor = spread_of(theirs).median
    return [
        Row(
            benchmark=NAME,
            case=_case(how),
            ratio=spread_of([one / other for one, other in zip(ours[how], theirs, strict=True)]),
            limit=least,
            at_least=True,
            durability=NEVER,
            note=f"{spread_of(ours[how]).median:,.0f} schedules/s against {floor:,.0f} executions/s; "
            f"redis-py alone, without a gate: {spread_of(most[how]).median:,.0f}/s",
            figures={
                "schedules_per_s": spread_of(ours[how]).median,
                "executions_per_s": floor,
                "redis_py_per_s": spread_of(most[how]).median,
            },
        )
        for how, _, least in _CASES
    ]


def _case(how: str) -> str:
    return f"claim, effect, mark; 2 workers, {how}: schedules/s / executions/s of frontrun 0.7"


def _redis_py_per_s(subject: str, server: RedisServer, explored: Explored) -> float:
    """Return how many schedules a second redis-py can serve, when nobody holds, records or judges them.

    It is on the server's core, where a round trip is shortest.
    """
    by_hand = Ungated(subject, server)
    mix = by_hand.mix(explored)
    alone_s = by_hand.one_client_s if load_subject(subject).reusable else by_hand.fresh_clients_s
    with on_one_core(server.pid):
        return explored.schedules / alone_s(mix, explored.schedules)


def _executions_per_s(server: RedisServer, executions: int) -> float:
    script = [sys.executable, "-m", "benchmarks.frontrun_script", server.url, str(executions)]
    done = subprocess.run(
        [sys.executable, "-m", "frontrun.cli", *script], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise WrongAnswerError(f"frontrun ended with {done.returncode}:\n{done.stderr}")
    told = json.loads(done.stdout.splitlines()[-1])
    return float(told["executions"] / told["elapsed_s"])
