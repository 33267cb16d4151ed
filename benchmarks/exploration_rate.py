"""How fast the explorer is: the same calls of the same subject without a gate, each from a fresh ``make``.

Only schedules without a fault are compared: there, two workers and one redelivery call the guard, in any order.
Through ungated redis-py they do so one after the other, each on a connection of its own, over the same unix socket.
"""

from __future__ import annotations

from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.exploring import explore
from benchmarks.rows import Row, spread_of
from benchmarks.workload import NEVER, PAYLOAD, RECEIPT, server_for
from harness.subjects.loading import load_subject
from safety_core.idempotency import Mode

if TYPE_CHECKING:
    from benchmarks.rows import Effort

NAME = "exploration-rate"

_SUBJECTS = ("reference", "twin.done_mark_without_token")
_CALLS = 3
_SCHEDULES = 2_400
_LEASE_S = 30.0
_MOST = 1_000_000


def rate(effort: Effort) -> list[Row]:
    """Measure schedules per second, and their share of what the same calls reach ungated."""
    return [_rate_of(subject, effort) for subject in _SUBJECTS]


def _rate_of(subject: str, effort: Effort) -> Row:
    shares, gated, ungated = [], [], []
    for _ in range(effort.repeats):
        explored = explore(subject, _MOST, faults=0)
        gated.append(explored.schedules / explored.elapsed_s)
        ungated.append(_ungated_per_s(subject, explored.schedules))
        shares.append(gated[-1] / ungated[-1])
    faulty = explore(subject, effort.scaled(_SCHEDULES))
    with_faults = faulty.schedules / faulty.elapsed_s
    plain, floor = spread_of(gated).median, spread_of(ungated).median
    return Row(
        benchmark=NAME,
        case=f"{subject}, 2 workers: schedules/s gated / ungated",
        ratio=spread_of(shares),
        durability=NEVER,
        note=f"{plain:,.0f}/s without faults ({floor:,.0f}/s ungated), {with_faults:,.0f}/s with one fault",
        figures={"gated_per_s": plain, "ungated_per_s": floor, "with_one_fault_per_s": with_faults},
    )


def _ungated_per_s(subject: str, schedules: int) -> float:
    loaded = load_subject(subject)
    keys = (f"rate{number}" for number in count())
    with server_for(Mode.STRICT) as server:
        loaded.prepare(server.url)
        began = perf_counter()
        for _ in range(schedules):
            key = next(keys)
            for _ in range(_CALLS):
                loaded.load()(server.url, _LEASE_S)(key, PAYLOAD, lambda *_args, **_more: RECEIPT)
        return schedules / (perf_counter() - began)
