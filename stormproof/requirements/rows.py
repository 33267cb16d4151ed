"""The rows as values, read from the `area_*.toml` beside this file, and what is wrong with them as they stand.

Adding a row: a table with its id, `what`, and one of: `where` with `tests`; `waits`; `left_out`.
"""

from __future__ import annotations

import ast
import functools
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = "stormproof/requirements"

_KEYS = frozenset({"what", "where", "tests", "waits", "until", "left_out", "note"})
_LISTS = frozenset({"where", "tests"})
_HEAD = frozenset({"area", "title", "rows"})


class RequirementsError(Exception):
    """The rows cannot be believed as they stand; each problem is one of the arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that was asked for.

    Attributes:
        id: As `B10`.
        what: What was asked for.
        where: Files or folders of the tree in which it lives.
        tests: Tests that show it, as `FILE::NAME`, or with one case of it, `FILE::NAME[CASE]`.
        waits: Which part of the product it waits for; empty if it does not.
        until: A place of the tree; once it is there, the row no longer waits. May be empty.
        left_out: Why it will not be there; empty if it is or will be.
        note: What differs from what was asked for. May be empty.
    """

    id: str
    what: str = ""
    where: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    waits: str = ""
    until: str = ""
    left_out: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """The rows of one area, in their order."""

    title: str
    rows: tuple[Row, ...]


def read(root: Path) -> tuple[Area, ...]:
    """Return all areas of the tree *root*, by their letter.

    Raises:
        RequirementsError: Rows are missing, malformed, or name something that is not in the tree.
    """
    files = sorted((root / FOLDER).glob("area_*.toml"))
    problems: list[str] = [] if files else [f"there is no area_*.toml in {FOLDER}"]
    areas: list[Area] = []
    for path in files:
        try:
            held = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            problems.append(f"{path.name} is no TOML: {error}")
            continue
        malformed = list(_malformed(path.name, held))
        problems += malformed
        if not malformed:
            rows = tuple(_row(name, each) for name, each in held.items() if name not in _HEAD)
            areas.append(Area(title=held["title"], rows=rows))
    problems += [f"{row.id}: {problem}" for area in areas for row in area.rows for problem in _amiss(root, row)]
    if problems:
        raise RequirementsError(*problems)
    return tuple(areas)


def file_and_name(test: str) -> tuple[str, str]:
    """Return file and function of a test, without its case."""
    place, _, name = test.partition("::")
    return place, name.partition("[")[0]


def _malformed(file: str, held: dict[str, Any]) -> Iterator[str]:
    """Yield what keeps the rows of one file from being read."""
    letter, count = held.get("area"), held.get("rows")
    if not isinstance(letter, str) or not isinstance(held.get("title"), str) or not isinstance(count, int):
        yield f'{file} must open with area = "LETTER", title = "..." and rows = NUMBER'
        return
    wanted = [f"{letter}{number}" for number in range(1, count + 1)]
    given = [name for name in held if name not in _HEAD]
    if missing := [name for name in wanted if name not in given]:
        yield f"{file} has no row {', '.join(missing)}"
    if extra := [name for name in given if name not in wanted]:
        yield f"{file} has {', '.join(extra)}, which is none of its {count} rows"
    if not missing and not extra and given != wanted:
        yield f"{file}: its rows are not in the order of their numbers"
    for name in given:
        row = held[name]
        odd = sorted(row.keys() - _KEYS) if isinstance(row, dict) else ["no table"]
        if odd:
            yield f"{name}: {', '.join(odd)} is not known; expected some of {', '.join(sorted(_KEYS))}"
            continue
        for key, value in row.items():
            is_list = key in _LISTS
            fits = isinstance(value, list) and all(isinstance(one, str) and one for one in value)
            if not (fits if is_list else isinstance(value, str) and value):
                yield f"{name}: {key} is {value!r}; expected {'a list of texts' if is_list else 'a text'}"


def _row(name: str, held: dict[str, Any]) -> Row:
    values: dict[str, Any] = {key: tuple(held[key]) if key in _LISTS else held[key] for key in held}
    return Row(id=name, **values)


def _amiss(root: Path, row: Row) -> Iterator[str]:
    """Yield what is wrong with one row, seen from its tree."""
    if not row.what:
        yield "what was asked for is missing"
    if sum(map(bool, (row.tests, row.waits, row.left_out))) != 1:
        yield "expected exactly one of tests, waits and left_out"
    if bool(row.where) != bool(row.tests):
        yield "where and tests belong together"
    if row.until and not row.waits:
        yield "until is of a row that waits"
    elif row.until and (root / row.until).exists():
        yield f"it waits until there is {row.until}, which is there: name its tests"
    yield from (f"{place} is not in the tree" for place in row.where if not (root / place).exists())
    for test in row.tests:
        place, name = file_and_name(test)
        if not name:
            yield f"{test} is no test; expected FILE::NAME"
        elif name not in _functions(root / place):
            yield f"there is no test {test}"


@functools.lru_cache(maxsize=256)
def _functions(path: Path) -> frozenset[str]:
    """Return the names of the tests in a file; none where there is no such file."""
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds) and node.name[:5] == "test_")
