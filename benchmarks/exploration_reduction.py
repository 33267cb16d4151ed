"""How few schedules stand for all, and that they find the same: counted on a real server, nothing is timed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.exploring import MOST, Bounds, explore
from benchmarks.rows import Row, spread_of
from benchmarks.workload import WrongAnswerError

if TYPE_CHECKING:
    from benchmarks.rows import Effort

NAME = "reduction"

_CASES = (
    ("2x3", "benchmarks.guards:two_by_three", 2, 20, 1 / 2.5),
    ("guarded 3x3", "benchmarks.guards:guarded", 3, 1_680, 1 / 20),
)
"""Name, subject, workers, interleavings of all, and the share of them that may be run."""


def reduction(_effort: Effort) -> list[Row]:
    """Explore each case with and without reduction, and compare schedules and findings."""
    return [_row(*case) for case in _CASES]


def _row(name: str, subject: str, workers: int, interleavings: int, limit: float) -> Row:
    every, some = (
        explore(subject, MOST, Bounds(workers=workers, faults=0, kinds=(), reduces=reduces))
        for reduces in (False, True)
    )
    if every.schedules != interleavings:
        raise WrongAnswerError(f"{name} has {every.schedules} schedules; expected {interleavings}")
    if every.findings != some.findings or not every.findings:
        raise WrongAnswerError(f"{name}: all schedules find {every.findings}, the reduced ones {some.findings}")
    checkers = ", ".join(sorted({checker for checker, _, _ in some.findings}))
    return Row(
        benchmark=NAME,
        case=f"{name}: schedules run / all interleavings",
        ratio=spread_of([some.schedules / every.schedules]),
        limit=limit,
        note=f"{some.schedules} of {every.schedules:,}, with the same findings: {checkers}",
        figures={"run": some.schedules, "all": every.schedules},
    )
