"""The durability lattice of a judged part, in words: the matrix, and one line for each configuration.

It repeats what was decided and decides nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from verify.durability.cell import Crash, Level
from verify.durability.matrix import Fate
from verify.run_layout import DURABILITY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reports.judged_run import JudgedPart

MATRIX_HEADS = ("the validator says", "flagged", *Fate)
CONFIGURATION_HEADS = ("configuration", "the validator says", *(crash.replace("_", " ") for crash in Crash))


@dataclass(frozen=True, slots=True)
class Line:
    """One configuration, with what became of it under each crash.

    Attributes:
        configuration: Its name.
        word: The validator's word.
        cells: The cell of each crash, by its name, as in ``verdict.json``.
    """

    configuration: str
    word: str
    cells: Mapping[str, Mapping[str, Any]]

    def said(self, crash: str) -> str:
        """Return what became of it under one crash, in the fewest words; a dash where there is no such cell."""
        cell = self.cells.get(crash)
        if cell is None:
            return "-"
        if cell["fate"] in {Fate.REFUSED, Fate.UNKNOWN}:
            return str(cell["fate"])
        wrong = [f"{cell[name]} {name}" for name in ("duplicates", "losses") if cell[name]]
        return ", ".join([f"{cell['fate']} {cell['kept']}/{cell['acknowledged']}", *wrong])


def lattice_of(part: JudgedPart) -> Mapping[str, Any] | None:
    """Return the section of a durability part's verdict; None for any other part."""
    section: Mapping[str, Any] | None = part.object.get(DURABILITY)
    return section


def matrix_rows(section: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the confusion matrix, one for each level that was said."""
    for level in Level:
        counts = section["matrix"].get(level.value)
        if counts is not None:
            flagged = "no" if level is Level.OK else "yes"
            yield (level.value, flagged, *(str(counts.get(fate.value, 0)) for fate in Fate))


def lines_of(section: Mapping[str, Any]) -> list[Line]:
    """Return the configurations in their order."""
    found: dict[str, Line] = {}
    for cell in section["cells"]:
        line = found.setdefault(cell["configuration"], Line(cell["configuration"], cell["word"], {}))
        found[cell["configuration"]] = Line(line.configuration, line.word, {**line.cells, cell["crash"]: cell})
    return list(found.values())


def configuration_rows(section: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield one row for each configuration."""
    for line in lines_of(section):
        yield (line.configuration, line.word, *(line.said(crash) for crash in Crash))
