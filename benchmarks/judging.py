"""Judging must be linear in the history: ten times the operations, at most eleven times the time.

A long history is judged in pieces that fit a processor's cache, so that neither memory nor the garbage collector adds
a part that grows.
"""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING

from benchmarks.interleaving import side_by_side
from benchmarks.rows import Row, Spread
from benchmarks.workload import WrongAnswerError
from verify.history.judge import judge_history
from verify.history.promises import DEFAULT_PROMISE
from verify.history.tests.histories import good_history
from verify.history.words import Verdict

if TYPE_CHECKING:
    from benchmarks.interleaving import Turn
    from benchmarks.rows import Effort

NAME = "judging-linear"

_LIMIT = 11.0
_TIMES = 10
_CALLS = 3
_SIZES = (1_000, 10_000)
"""Operations of the shorter history."""


def linear(effort: Effort) -> list[Row]:
    """Judge histories, and one ten times as long; both are given the same number of operations per turn."""
    return [_row(few, effort) for few in _SIZES]


def _row(few: int, effort: Effort) -> Row:
    calls = _CALLS if few == min(_SIZES) else 1
    samples = side_by_side({"few": _judge(few, _TIMES), "many": _judge(few * _TIMES, 1)}, effort, calls=calls, turn=1)
    ratio, many = samples.ratio("many", "few"), samples.latency("many")
    per_s = few * _TIMES / (many.p50_us / 1e6)
    return Row(
        benchmark=NAME,
        case=f"{few * _TIMES:,} operations / {few:,} operations",
        ratio=Spread(ratio.median * _TIMES, ratio.low * _TIMES, ratio.high * _TIMES, ratio.repeats),
        limit=_LIMIT,
        note=f"{per_s:,.0f} operations/s",
        figures={"operations_per_s": per_s},
    )


def _judge(operations: int, times: int) -> Turn:
    # Different histories, so that a short one is not found in the processor's caches where it was left.
    histories = [good_history(operations) for _ in range(times)]

    def turn(calls: int) -> list[float]:
        spent = []
        for _ in range(calls):
            # Processor time: nothing here waits, so that what others do on the core does not count.
            began = process_time()
            verdicts = {judge_history(events, DEFAULT_PROMISE).verdict for events in histories}
            spent.append(process_time() - began)
            if verdicts != {Verdict.VALID}:
                raise WrongAnswerError(f"a good history of {operations} operations was judged {verdicts}")
        return spent

    return turn
