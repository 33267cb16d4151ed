"""``python -m benchmarks [NAME...] [--json FILE] [--quick]``: measure, print one table, write JSON.

Exit codes: 0 every limit held, 1 one was missed, 2 wrong usage, 3 could not measure, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import (
    core,
    evidence,
    exploration_jobs,
    exploration_memory,
    exploration_rate,
    exploration_reduction,
    failure_classifier,
    generated_claims,
    guard_speed,
    job_safety,
    judging,
    proxy_latency,
    record_bytes,
    report,
    rivals,
    rollout_files,
    starting,
    storm,
    toxiproxy,
    validator,
    versus_frontrun,
)
from benchmarks.rows import FULL, QUICK
from benchmarks.workload import WrongAnswerError
from harness.errors import CouldNotRunError, WrongInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.rows import Benchmark, Row

BENCHMARKS: Mapping[str, Benchmark] = {
    guard_speed.FIRST_CALL: guard_speed.first_call,
    guard_speed.REPLAY: guard_speed.replay,
    job_safety.BREAKER: job_safety.breaker,
    job_safety.METRICS: job_safety.metrics_guard,
    job_safety.AUDIT: job_safety.audit_append,
    failure_classifier.NAME: failure_classifier.classifier,
    rivals.NAME: rivals.versus_others,
    exploration_memory.NAME: exploration_memory.memory,
    judging.NAME: judging.linear,
    evidence.VERIFY: evidence.verifying,
    evidence.PAGE: evidence.page,
    exploration_reduction.NAME: exploration_reduction.reduction,
    exploration_rate.GREENLET_NAME: exploration_rate.greenlet_gate,
    exploration_rate.PROXY_NAME: exploration_rate.proxy_gate,
    versus_frontrun.NAME: versus_frontrun.versus_frontrun,
    proxy_latency.NAME: proxy_latency.latency,
    toxiproxy.NAME: toxiproxy.versus_real,
    exploration_jobs.JOBS_NAME: exploration_jobs.two_jobs,
    exploration_jobs.THREE_NAME: exploration_jobs.three_workers,
    generated_claims.NAME: generated_claims.ci_profile,
    record_bytes.NAME: record_bytes.record_bytes,
    rollout_files.NAME: rollout_files.files,
    starting.RESTART_NAME: starting.crash_and_restart,
    starting.STAGE_NAME: starting.stage,
    storm.RECORDING_NAME: storm.recording,
    storm.JUDGING_NAME: storm.judging,
    validator.NAME: validator.round_trips,
}
"""Every benchmark by name, in the order in which they run."""

RESULTS = Path(__file__).parent / "results" / "latest.json"

_HELD, _MISSED, _WRONG_USAGE, _COULD_NOT_RUN, _INTERRUPTED = 0, 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(BENCHMARKS)}; all if none")
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE", help="where to write the results")
    parser.add_argument("--quick", action="store_true", help="fewer calls per repeat, for a first look")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        _say(f"unknown benchmark {', '.join(unknown)}; expected some of: {', '.join(BENCHMARKS)}")
        return _WRONG_USAGE
    chosen = [name for name in BENCHMARKS if not options.names or name in options.names]
    try:
        return _run(chosen, options.json, quick=options.quick)
    except KeyboardInterrupt:
        _say("interrupted; nothing was written")
        return _INTERRUPTED


def _run(chosen: Sequence[str], path: Path, *, quick: bool) -> int:
    here = core.settle()
    rows: list[Row] = []
    disturbed: dict[str, float | None] = {}
    failed: list[str] = []
    for name in chosen:
        _say(f"{name} ...")
        try:
            with core.watched(here) as seen:
                rows += BENCHMARKS[name](QUICK if quick else FULL)
            disturbed[name] = seen.share
        except (CouldNotRunError, WrongInputError, WrongAnswerError) as error:
            # What the others have measured, or will, is not lost with it.
            failed.append(name)
            _say(f"could not measure {name}: {error}")
    print(report.table(rows))
    print(report.noise(disturbed))
    try:
        report.write(path, rows, disturbed)
    except OSError as error:
        _say(f"could not write {path}: {error.strerror}")
        return _WRONG_USAGE
    missed = [row for row in rows if row.verdict == "MISS"]
    print(f"results: {path}; {f'{len(missed)} missed' if missed else 'every limit that was measured held'}")
    if failed:
        _say(f"not measured: {', '.join(failed)}")
        return _COULD_NOT_RUN
    return _MISSED if missed else _HELD


def _say(text: str) -> None:
    print(f"benchmarks: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
