"""The page of the requirements, made from their rows. Believes no row that names what is not in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stormproof.markdown import NOTE, joined, table
from stormproof.requirements.rows import FOLDER, file_and_name, read

if TYPE_CHECKING:
    from pathlib import Path

    from stormproof.requirements.rows import Row

_ABOUT = f"""\
What was asked for, row by row: where it lives, and which tests show it. After every test run, `python -m
stormproof.requirements JUNIT...` sees that each of these tests was collected, was not left out in every run, and
passed. What has no test yet waits, or is left out, and says why.

The rows stand in [{FOLDER}](../{FOLDER}),
one file per area. A row that waits is filled by `where` and `tests` in the place of `waits` and `until`. A row that
names a test or a place that is not there, or waits for what is there, fails `python -m stormproof.documents`. A test
that runs in a step of CI alone, because it needs Docker, Node or Go, is looked up in the results of that step."""


def requirements_page(root: Path) -> str:
    """Return the page.

    Raises:
        RequirementsError: A row is wrong as it stands.
    """
    parts = ["# Requirements", NOTE, _ABOUT]
    for area in read(root):
        parts += [
            f"## {area.title}",
            table(("row", "asked for", "lives in", "shown by", "to know"), map(_cells, area.rows)),
        ]
    return joined(parts)


def _cells(row: Row) -> tuple[str, ...]:
    where = ", ".join(f"[{place}](../{place})" for place in row.where)
    shown = ", ".join(f"[`{test.partition('::')[2]}`](../{file_and_name(test)[0]})" for test in row.tests)
    why = f"waits: {row.waits}" if row.waits else f"left out: {row.left_out}" if row.left_out else ""
    return (row.id, row.what, where, shown or why, row.note)
