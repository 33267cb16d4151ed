"""``python -m benchmarks.figures [ROW...] [--quick]``: measure the stated figures, print them, write their page.

What was measured is kept in measured.json beside this file; docs/figures.md is made of it. Rows that are not named
keep what was measured of them before.

Exit codes: 0 measured, whether or not a figure is as it was stated; 2 wrong usage; 3 could not measure;
130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import core
from benchmarks.figures.registry import MEASURES
from benchmarks.rows import FULL, QUICK
from benchmarks.workload import WrongAnswerError
from harness import clock
from harness.errors import CouldNotRunError, WrongInputError
from harness.redis_server.binary import embedded_binary
from stormproof.figures_page import MEASURED, PAGE, cases_in_words, figures_page
from stormproof.saying import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.rows import Effort

ROOT = Path(__file__).parents[2]
_KB_OF_GB = 1 << 20


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Run the command line for the tree *root*; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description=__doc__.partition("\n\n")[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows of area P, such as P1; all if none")
    parser.add_argument("--quick", action="store_true", help="fewer samples, for a first look: writes nothing")
    options = parser.parse_args(arguments)
    if unknown := [row for row in options.rows if row not in MEASURES]:
        _say(f"no figure is stated in {', '.join(unknown)}; expected some of: {', '.join(MEASURES)}")
        return Exit.WRONG_INPUT
    chosen = [row for row in MEASURES if not options.rows or row in options.rows]
    try:
        measured = measure(chosen, QUICK if options.quick else FULL)
    except (CouldNotRunError, WrongInputError, WrongAnswerError) as error:
        _say(f"could not measure: {error}")
        return Exit.NOT_SHOWN
    except KeyboardInterrupt:
        _say("interrupted; nothing was written")
        return Exit.INTERRUPTED
    for row, figure in measured.items():
        print("\n".join(f"{row}: {line}" for line in cases_in_words(figure)))
    if not options.quick:
        keep(root, measured)
    return Exit.HELD


def measure(rows: Sequence[str], effort: Effort) -> dict[str, Any]:
    """Measure these rows; return of each when, on what, and its cases, as the page reads them.

    Raises:
        CouldNotRunError, WrongInputError: Something needed is not there.
        WrongAnswerError: A part did not do what is measured.
    """
    setting = _setting()
    cores = sorted(os.sched_getaffinity(0))
    found = {}
    for row in rows:
        _say(f"{row} ...")
        with core.watched(*cores) as seen:
            cases = [case.to_object() for case in MEASURES[row](effort)]
        others = None if seen.share is None else round(seen.share, 2)
        found[row] = {"on": clock.utc_now()[:10], "setting": setting, "others": others, "cases": cases}
    return found


def keep(root: Path, measured: dict[str, Any]) -> None:
    """Store what was *measured* beside what was measured before, and write the page."""
    path = root / MEASURED
    before = json.loads(path.read_text("utf-8")) if path.exists() else {}
    rows = {row: {**before, **measured}[row] for row in MEASURES if row in {**before, **measured}}
    path.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    (root / PAGE).write_text(figures_page(root), "utf-8")
    _say(f"wrote {MEASURED} and {PAGE}")


def _setting() -> str:
    """Return the class of this machine, and what ran on it."""
    server = embedded_binary()
    memory_kb = int(Path("/proc/meminfo").read_text("ascii").split()[1])
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores {platform.machine()}, {memory_kb / _KB_OF_GB:.0f} GiB, {platform.system()} "
        f"{platform.release().partition('-')[0]}, {server.name} {server.version} on loopback, "
        f"Python {platform.python_version()}"
    )


def _say(text: str) -> None:
    print(f"figures: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
