"""Evidence must be cheap to check and to show: verifying linear and flat, the page at most twice Allure's time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.rows import Row, spread_of
from benchmarks.stored_runs import OPERATIONS, long_run, wide_run
from benchmarks.workload import WrongAnswerError
from harness.errors import CouldNotRunError
from reports.allure import write_allure
from reports.evidence.packing import pack
from stormproof.allure_report import command_of, environment_of

if TYPE_CHECKING:
    from benchmarks.rows import Effort

VERIFY = "evidence-verify"
PAGE = "report-versus-allure"

_TIMES = 10
_FEW = 10_000
"""Operations of the smaller bundle."""
_LINEAR, _FLAT = 11.0, 1.25
_MOST_SLOWER = 2.0
_RESULTS = 3_000
_PER_PART = 7
"""Results of one part: the claims of its promise."""


def verifying(effort: Effort) -> list[Row]:
    """Verify a bundle, and one of ten times the operations, each beginning in a process of its own."""
    few = effort.scaled(_FEW)
    times, sizes = [], []
    with tempfile.TemporaryDirectory(prefix="bench-") as room:
        small, large = (_bundle(Path(room), operations) for operations in (few, few * _TIMES))
        for _ in range(effort.few):
            one, other = _verified(small), _verified(large)
            times.append(other["seconds"] / one["seconds"])
            sizes.append(other["peak_kb"] / one["peak_kb"])
    case = f"{few * _TIMES:,} operations / {few:,} operations"
    per_s = few * _TIMES / other["wall_s"]
    figures = {
        "operations_per_s": per_s,
        "processor_s": other["seconds"],
        "large_peak_kb": other["peak_kb"],
        "small_peak_kb": one["peak_kb"],
    }
    peaks = f"peak {one['peak_kb'] / 1024:.0f} and {other['peak_kb'] / 1024:.0f} MiB"
    return [
        Row(
            benchmark=VERIFY,
            case=f"processor time of all processes, {case}",
            ratio=spread_of(times),
            limit=_LINEAR,
            note=f"{per_s:,.0f} operations/s on the wall",
            figures=dict(figures),
        ),
        Row(
            benchmark=VERIFY,
            case=f"peak memory of the largest process, {case}",
            ratio=spread_of(sizes),
            limit=_FLAT,
            note=peaks,
        ),
    ]


def page(effort: Effort) -> list[Row]:
    """Write the page of a run whose Allure results are 3,000, and let Allure write its own of those."""
    case = f"stormproof report, from start to end / what Allure says it took, {_RESULTS:,} results"
    with tempfile.TemporaryDirectory(prefix="bench-") as room:
        run = wide_run(Path(room) / "run", -(-_RESULTS // _PER_PART))
        try:
            command = command_of(write_allure(run), Path(room) / "allure", "bench")
        except CouldNotRunError as error:
            return [Row(benchmark=PAGE, case=case, not_run=str(error))]
        ours, theirs = [], []
        for _ in range(effort.few):
            theirs.append(_allure_s(command))
            ours.append(_report_s(run))
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    note = f"ours {min(ours):.2f} s, Allure {min(theirs):.2f} s"
    return [Row(benchmark=PAGE, case=case, ratio=spread_of(ratios), limit=_MOST_SLOWER, note=note)]


def _bundle(room: Path, operations: int) -> Path:
    run = long_run(room / f"run-{operations}", operations // OPERATIONS)
    return pack(run, room / f"{operations}.tar").path


def _verified(bundle: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as room:
        told: dict[str, Any] = json.loads(_run([sys.executable, "-m", "benchmarks.verifying", str(bundle), room]))
    if told["verdict"] != "VALID":
        raise WrongAnswerError(f"{bundle} was verified as {told['verdict']}; expected VALID")
    return told


def _report_s(run: Path) -> float:
    began = perf_counter()
    _run([sys.executable, "-m", "stormproof", "report", str(run)])
    return perf_counter() - began


def _allure_s(command: list[str]) -> float:
    """Return the seconds that Allure says it needed, without the start of Node and npm."""
    said = _run(command, environment_of())
    found = re.search(r"\((\d+)ms\)", said)
    if found is None:
        raise WrongAnswerError(f"Allure does not say how long it took: {said[-200:]}")
    return int(found[1]) / 1000


def _run(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise WrongAnswerError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout
