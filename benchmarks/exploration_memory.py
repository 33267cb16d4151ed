"""An exploration's memory must not grow with its schedules: ten times as many, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.rows import Row, spread_of
from benchmarks.workload import WrongAnswerError

if TYPE_CHECKING:
    from benchmarks.rows import Effort

NAME = "exploration-memory"

_LIMIT = 1.05
_TIMES = 10
_SCHEDULES = 400
"""A tenth of the schedules that the subject has within the bound, or less."""
_OPTIONS = ("--every", "--keep-store")
"""Without reduction: one schedule of each class would be too few of them."""
_SUBJECT = "reference"
_REPEATS = 3
"""Resident size is steady to a percent, whatever else runs on the machine, and a repeat takes a quarter minute."""


def memory(effort: Effort) -> list[Row]:
    """Compare the resident size after ten times the schedules with that after a tenth of them."""
    ratios, notes, figures = [], [], {}
    for _ in range(effort.scaled(_REPEATS)):
        small, large = _explored(_SCHEDULES), _explored(_SCHEDULES * _TIMES)
        ratios.append(large["resident_kb"] / small["resident_kb"])
        notes = [f"{each['schedules']:,} schedules {each['resident_kb'] / 1024:.1f} MiB" for each in (small, large)]
        for size, each in (("small", small), ("large", large)):
            figures.update({f"{size}_{name}": float(each[name]) for name in ("schedules", "classes", "resident_kb")})
    return [
        Row(
            benchmark=NAME,
            case=f"{_SUBJECT}, 2 workers, 1 fault, every schedule: resident size at {_TIMES}x schedules / at 1x",
            ratio=spread_of(ratios),
            limit=_LIMIT,
            note=", ".join(notes),
            figures=dict(figures),
        )
    ]


def _explored(schedules: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.exploring", _SUBJECT, *_OPTIONS, "--schedules", str(schedules)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise WrongAnswerError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    explored: dict[str, Any] = json.loads(done.stdout)
    if explored["schedules"] < schedules or not explored["resident_kb"]:
        raise WrongAnswerError(f"explored {explored}; expected {schedules} schedules and a resident size")
    return explored
