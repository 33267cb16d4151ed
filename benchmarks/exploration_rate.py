"""How fast the explorer is, behind each gate: schedules per second, recording and judging included.

Each schedule holds two workers, redelivery past the lease and at most one fault; the kinds that lose the store are
left out, for such a schedule waits for a server of its own. A subject that makes a fresh guard for every process is
held against its commands through redis-py, by a fresh client for every guard, without any gate; one whose guards are
reused, against its commands from a bare socket.

The proxy gate has every core, as with a user: it keeps itself and its server on one, where a round trip is shortest,
and the subject's processes on the others. What it is held against has every core too, and keeps itself and its server
on one for the same reason; it has no use for the others, because it waits for each of its commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.core import all_cores
from benchmarks.exploring import KEEPING_THE_STORE, Bounds, explore
from benchmarks.rows import Row, spread_of
from benchmarks.ungated import Ungated
from benchmarks.workload import NEVER, server_for
from harness.explorer.gate.placement import on_one_core
from harness.explorer.hosting import GREENLETS, PROXY, Hosting
from safety_core.idempotency import Mode

if TYPE_CHECKING:
    from benchmarks.rows import Effort

GREENLET_NAME = "greenlet-gate"
PROXY_NAME = "proxy-gate"

_FRESH = ("reference", "twin.done_mark_without_token")
_REUSED = ("twin.done_mark_without_token",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One row to measure.

    Attributes:
        benchmark: Name of the benchmark.
        subject: What is explored.
        bounds: How.
        least: The share of the ungated speed that is wanted.
        schedules: Schedules of each repeat.
    """

    benchmark: str
    subject: str
    bounds: Bounds
    least: float
    schedules: int


def greenlet_gate(effort: Effort) -> list[Row]:
    """Measure the gate in our own interpreter."""
    cases = [_case(GREENLET_NAME, subject, GREENLETS, least=0.5, schedules=1_600) for subject in _FRESH]
    cases += [
        _case(GREENLET_NAME, subject, GREENLETS, reused=True, least=0.35, schedules=1_600) for subject in _REUSED
    ]
    return [_row(case, effort) for case in cases]


def proxy_gate(effort: Effort) -> list[Row]:
    """Measure the gate that holds processes of the operating system."""
    hosting = Hosting(gate=PROXY)
    cases = [_case(PROXY_NAME, subject, hosting, least=0.35, schedules=400) for subject in _FRESH]
    with all_cores():
        return [_row(case, effort) for case in cases]


def _case(
    benchmark: str, subject: str, hosting: Hosting, *, reused: bool = False, least: float, schedules: int
) -> _Case:
    bounds = Bounds(kinds=KEEPING_THE_STORE, hosting=hosting, reusable=reused)
    return _Case(benchmark=benchmark, subject=subject, bounds=bounds, least=least, schedules=schedules)


def _row(case: _Case, effort: Effort) -> Row:
    reused = bool(case.bounds.reusable)
    shares, gated, ungated, redis_py = [], [], [], []
    with server_for(Mode.STRICT) as server:
        by_hand = Ungated(case.subject, server)
        for _ in range(effort.few):
            explored = explore(case.subject, effort.scaled(case.schedules), case.bounds)
            mix = by_hand.mix(explored)
            measure = by_hand.commands_s if reused else by_hand.fresh_clients_s
            gated.append(explored.per_s)
            with on_one_core(server.pid):
                ungated_s = measure(mix, explored.schedules)
                if reused:
                    redis_py.append(ungated_s / by_hand.one_client_s(mix, explored.schedules))
            ungated.append(explored.schedules / ungated_s)
            shares.append(gated[-1] / ungated[-1])
    plain, floor = spread_of(gated).median, spread_of(ungated).median
    makes, commands = explored.makes / explored.schedules, explored.commands / explored.schedules
    figures: dict[str, float | str] = {
        "gated_per_s": plain,
        "ungated_per_s": floor,
        "guards": makes,
        "commands": commands,
    }
    alone = ""
    if reused:
        # The guard's own client is redis-py: what that reaches when nobody holds it.
        share = spread_of(redis_py).median
        figures["redis_py_share"] = share
        alone = f"; one client of redis-py without a gate: {share:.2f}"
    against = "bare socket" if reused else "redis-py with fresh clients"
    return Row(
        benchmark=case.benchmark,
        case=f"{case.subject}{', reused' if reused else ''}: schedules/s gated / {against}",
        ratio=spread_of(shares),
        limit=case.least,
        at_least=True,
        durability=NEVER,
        note=f"{plain:,.0f}/s against {floor:,.0f}/s{alone}; a schedule has {makes:.1f} guards and "
        f"{commands:.1f} commands",
        figures=figures,
    )
