"""Holds the Allure results of runs against their verdicts, and runs every replay line in them.

Usage: python .ci/allure_results.py STORMPROOF RUN_DIR...
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from reports.allure_check import problems_of, replay_lines
from verify.run_layout import ALLURE

THERE_AGAIN = 1
"""How a replay ends whose finding is there again."""


def main(stormproof: str, *runs: str) -> int:
    """Check each run; return 0 if nothing is wrong and there was a replay line at all."""
    problems: list[str] = []
    replayed = 0
    for run in map(Path, runs):
        problems += [f"{run}: {each}" for each in problems_of(run, run / ALLURE)]
        for line in replay_lines(run / ALLURE):
            words = shlex.split(line)[1:]
            done = subprocess.run([stormproof, *words], check=False, capture_output=True, text=True)
            replayed += 1
            if done.returncode != THERE_AGAIN:
                problems.append(f"{line}: exit code {done.returncode}, expected {THERE_AGAIN}: {done.stderr.strip()}")
    if not replayed:
        problems.append("no result has a replay line, so that none was run")
    report = [*problems, f"{len(runs)} runs, {replayed} replay lines run, {len(problems)} problems"]
    sys.stdout.write("".join(f"{each}\n" for each in report))
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
