"""The page of the stated figures, from what was measured of them and kept. Nothing is measured here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stormproof.markdown import NOTE, joined, table
from stormproof.requirements.rows import RequirementsError, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from stormproof.requirements.rows import Row

MEASURED, PAGE = "benchmarks/figures/measured.json", "docs/figures.md"
"""Where it is kept, and the page of it, below the root of the tree."""

_TITLE = "P: "
_MEASURE = "python -m benchmarks.figures"
_ABOUT = f"""\
What was stated of speed and size, and what was measured of it, side by side. `{_MEASURE}` measures every
row on a real server, with the dependency group `tests` and the extras `api`, `audit`, `metrics` and `storm`, and
writes this page; `{_MEASURE} P7` measures one.

A figure holds for a machine and a setting, and for nothing else: what a guard costs on yours is told by the same
command there. p50 is what half of the samples kept to, p99 what 99 of 100 did. *As stated* says whether the p99 is
within the figure that was stated, or only the p50, or neither. The figures gate nothing; the ratios of
`python -m benchmarks` do, since a ratio is the same on a slow machine."""
_WITHIN, _HALF, _BEYOND, _NOT_STATED = "yes", "p50 only", "no", ""


def figures_page(root: Path) -> str:
    """Return the page.

    Raises:
        RequirementsError: A row says that it is measured, and no figure of it is kept; or the other way round.
    """
    measured: dict[str, Any] = json.loads((root / MEASURED).read_text(encoding="utf-8"))
    rows = [row for area in read(root) if area.title.startswith(_TITLE) for row in area.rows]
    wanted = {row.id for row in rows if row.tests}
    if missing := sorted(wanted - measured.keys()):
        raise RequirementsError(f"{', '.join(missing)} was not measured yet: {_MEASURE} {' '.join(missing)}")
    if extra := sorted(measured.keys() - wanted):
        raise RequirementsError(f"{MEASURED} has {', '.join(extra)}, which no row of area P says is measured")
    parts = ["# Stated figures", NOTE, _ABOUT, "## All of them", table(_SUMMARY, map(_summary(measured), rows))]
    for row in rows:
        if row.id in measured:
            parts += _section(row, measured[row.id])
    return joined(parts)


_SUMMARY = ("row", "stated", "as stated")
_CASES = ("measured", "p50", "p99", "samples", "stated", "as stated", "how data is kept")


def _summary(measured: Mapping[str, Any]) -> Any:
    def line(row: Row) -> tuple[str, str, str]:
        if row.id not in measured:
            return (row.id, row.what, f"not measured: {row.left_out or row.waits}")
        said = [_as_stated(case) for case in measured[row.id]["cases"]]
        counted = [f"{said.count(word)} {word}" for word in (_WITHIN, _HALF, _BEYOND) if word in said]
        same = set(said) - {_NOT_STATED}
        words = same.pop() if len(same) == 1 else ", ".join(counted)
        return (f"[{row.id}](#{row.id.lower()})", row.what, words or "nothing to hold it against")

    return line


def _section(row: Row, figure: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {row.id}"
    yield joined([row.what, row.note]).strip()
    yield table(_CASES, map(_cells, figure["cases"]))
    yield f"Measured on {figure['on']}: {figure['setting']}. {_noise(figure['others'])}"


def _noise(others: float | None) -> str:
    if others is None:
        return "What others did on the machine meanwhile is not known."
    return f"Others used {others:.0%} of the cores meanwhile."


def _cells(case: Mapping[str, Any]) -> tuple[str, ...]:
    unit, limit = case["unit"], case["limit"]
    stated = "" if limit is None else f"{'at least' if case['at_least'] else 'at most'} {_number(limit, unit)}"
    return (
        case["case"],
        _number(case["p50"], unit),
        "" if case["p99"] is None else _number(case["p99"], unit),
        f"{case['samples']:,}",
        stated,
        _as_stated(case),
        case["setting"],
    )


def _as_stated(case: Mapping[str, Any]) -> str:
    limit, sign = case["limit"], -1 if case["at_least"] else 1
    if limit is None:
        return _NOT_STATED
    p99 = case["p50"] if case["p99"] is None else case["p99"]
    if sign * p99 <= sign * limit:
        return _WITHIN
    return _HALF if sign * case["p50"] <= sign * limit else _BEYOND


def cases_in_words(figure: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each case of one row, as :func:`figures_page` reads them."""
    for case in figure["cases"]:
        name, p50, p99, samples, stated, said, setting = _cells(case)
        held = f"; stated {stated}: {said}" if stated else ""
        worst = f", p99 {p99}" if p99 else ""
        yield f"{name}: p50 {p50}{worst} of {samples}{held}{f' ({setting})' if setting else ''}"


def _number(figure: float, unit: str) -> str:
    """Return a figure as people write it: three digits, or all of those before the point."""
    whole, small = 100, 0.001
    if figure == int(figure) or abs(figure) >= whole:
        text = f"{figure:,.0f}"
    else:
        text = f"{figure:.2g}" if abs(figure) < small else f"{figure:.3g}"
    return f"{text} {unit}".strip()
