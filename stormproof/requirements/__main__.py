"""``python -m stormproof.requirements JUNIT...``: was every test that a requirement names collected, and did it pass?

Exit codes: 0 yes, 1 no, 2 wrong usage or files that cannot be read.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stormproof.requirements import results, rows
from stormproof.saying import Exit, complain, count

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str], *, root: Path = ROOT) -> int:
    """Compare the rows of the tree *root* with the results; return the exit code."""
    if not arguments or arguments[0].startswith("-"):
        complain("usage: python -m stormproof.requirements JUNIT..., the files that pytest --junit-xml wrote")
        return Exit.WRONG_INPUT
    try:
        areas = rows.read(root)
        cases = results.read(Path(argument) for argument in arguments)
    except rows.RequirementsError as error:
        for problem in error.args:
            complain(f"requirement {problem}")
        return Exit.VIOLATED
    except results.UnreadableError as error:
        complain(str(error))
        return Exit.WRONG_INPUT
    every = [row for area in areas for row in area.rows]
    breaches = [f"requirement {row.id}: {breach}" for row in every for breach in results.breaches(row.tests, cases)]
    for breach in breaches:
        complain(breach)
    if breaches:
        return Exit.VIOLATED
    shown = [row for row in every if row.tests]
    tests = {test for row in shown for test in row.tests}
    waiting = sum(bool(row.waits) for row in every)
    sys.stdout.write(
        f"{count(len(every), 'requirement')}: {len(shown)} shown by {count(len(tests), 'test')} that passed, "
        f"{waiting} waiting, {len(every) - len(shown) - waiting} left out\n"
    )
    return Exit.HELD


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
