"""What a second processor core brings, and whether three workers are exhausted within a minute on two of them."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from benchmarks.core import all_cores
from benchmarks.rows import Row, spread_of
from benchmarks.workload import WrongAnswerError

if TYPE_CHECKING:
    from benchmarks.rows import Effort

JOBS_NAME = "jobs"
THREE_NAME = "three-workers"

_SUBJECT = "reference"
_SHORT = 750
"""Schedules of a short run."""

_WANTED = 1.8
_LIMIT_S = 60.0
_PAIR = 2


def two_jobs(effort: Effort) -> list[Row]:
    """Compare two jobs with one, and with two processes that have nothing to do with each other.

    A short run stops before the exploration ends. What two jobs were given ahead is then in vain: it informs only.
    """
    bound = ("--schedules", str(_SHORT)) if effort.is_short else ()
    common = ("--workers", "4", "--keep-store", *bound)
    gains, limits = [], []
    with all_cores() as cores:
        if len(cores) < _PAIR:
            return [Row(benchmark=JOBS_NAME, case="two jobs / one", not_run="there is only one processor core")]
        for _ in range(effort.few):
            # One core may be busier with others' work than the other.
            alone = statistics.mean(_rates(("--core", str(core), *common))[0] for core in cores[:_PAIR])
            apart = _rates(*(("--core", str(core), *common) for core in cores[:_PAIR]))
            (together,) = _rates(("--jobs", "2", *common))
            gains.append(together / alone)
            limits.append(sum(apart) / alone)
    return [
        Row(
            benchmark=JOBS_NAME,
            case=f"{_SUBJECT}, 4 workers, 1 fault: two jobs / one",
            ratio=spread_of(gains),
            limit=None if effort.is_short else _WANTED,
            at_least=True,
            note=f"two independent processes reach {statistics.median(limits):.2f}x here",
            figures={"two_jobs": statistics.median(gains), "two_processes": statistics.median(limits)},
        ),
        Row(
            benchmark=JOBS_NAME,
            case=f"{_SUBJECT}, 4 workers, 1 fault: two jobs / two independent processes",
            ratio=spread_of([one / other for one, other in zip(gains, limits, strict=True)]),
        ),
    ]


def three_workers(effort: Effort) -> list[Row]:
    """Exhaust three workers that claim, start, perform and mark, with two jobs; a short run never loses the store."""
    kinds = ("--keep-store",) if effort.is_short else ()
    with all_cores() as cores:
        (explored,) = _explored(("--workers", "3", "--jobs", "2", *kinds))
    what = "any fault that keeps the store" if effort.is_short else "any fault"
    return [
        Row(
            benchmark=THREE_NAME,
            case=f"{_SUBJECT}, 3 workers, at most 1 of {what}, 2 jobs: exhausted in / {_LIMIT_S:g} s",
            ratio=spread_of([explored["elapsed_s"] / _LIMIT_S]),
            limit=1.0,
            note=f"{explored['schedules']:,} schedules in {explored['elapsed_s']:.1f} s on {len(cores)} cores",
            figures={"schedules": explored["schedules"], "elapsed_s": explored["elapsed_s"]},
        )
    ]


def _rates(*options: tuple[str, ...]) -> list[float]:
    """Return the schedules per second of explorations that run at the same time."""
    return [each["schedules"] / each["elapsed_s"] for each in _explored(*options)]


def _explored(*options: tuple[str, ...]) -> list[dict[str, Any]]:
    command = (sys.executable, "-m", "benchmarks.exploring", _SUBJECT)
    with ExitStack() as stack:
        running = [
            stack.enter_context(subprocess.Popen([*command, *each], stdout=subprocess.PIPE, text=True))
            for each in options
        ]
        outputs = [process.communicate()[0] for process in running]
    for process in running:
        if process.returncode:
            raise WrongAnswerError(f"{' '.join(command)} ended with {process.returncode}")
    return [json.loads(output) for output in outputs]
