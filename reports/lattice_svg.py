"""The durability lattice as SVG: one line for each configuration, one column for each crash. No script, no fetching.

Colour never says what words do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.judged_run import load_judged
from reports.lattice import lattice_of, lines_of
from reports.stored_run import write_whole
from reports.svg_forms import drawn, safe, style_of, text_at
from verify.durability.cell import Crash
from verify.run_layout import LATTICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reports.lattice import Line

_MARGIN = 20
_NAME_WIDTH = 540
_WORD_WIDTH = 90
_CELL_WIDTH = 140
_ROW = 22
_HEAD = 96
_FOOT = 44
WIDTH = 2 * _MARGIN + _NAME_WIDTH + _WORD_WIDTH + _CELL_WIDTH * len(Crash)

STYLE = """
text{font:12px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1f2328}
.ground{fill:#ffffff}.title{font:600 17px system-ui,'DejaVu Sans',sans-serif}
.quiet{fill:#59636e}.head{font-weight:700}
.kept,.OK{fill:#dafbe1}.refused,.WARNING{fill:#fff8c5}.lost,.CRITICAL{fill:#ffcecb}
.duplicated{fill:#ff8182}.unknown,.UNKNOWN{fill:#d8dee4}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.ground{fill:#0d1117}.quiet{fill:#9198a1}
.kept,.OK{fill:#12361f}.refused,.WARNING{fill:#4b3a07}.lost,.CRITICAL{fill:#67201d}
.duplicated{fill:#8e1519}.unknown,.UNKNOWN{fill:#3d444d}}
"""


def write_lattices(folder: Path) -> None:
    """Write the picture of each durability part of a judged run beside its verdict."""
    for part in load_judged(folder).parts:
        section = lattice_of(part)
        if section is not None:
            write_whole(part.stored.folder / LATTICE, lattice_svg(section).encode())


def lattice_svg(section: Mapping[str, Any]) -> str:
    """Return the picture of a lattice, as in the section of its verdict."""
    return _drawn(section, style=style_of(STYLE))


def lattice_element(section: Mapping[str, Any]) -> str:
    """Return it as an element of a page, whose style holds :data:`STYLE` for what is in ``svg.lattice``."""
    return _drawn(section, page_class="lattice")


def _drawn(section: Mapping[str, Any], **how: str) -> str:
    lines = lines_of(section)
    height = _HEAD + _ROW * len(lines) + _FOOT
    legend = (
        "n/m: of m acknowledged writes n were there afterwards. refused: no claim was "
        "answered, so that nothing could be lost."
    )
    rows = (part for at, line in enumerate(lines) for part in _row(line, _HEAD + _ROW * at))
    parts = [*_head(), *rows, text_at(_MARGIN, height - 18, legend, "quiet")]
    return drawn((WIDTH, height), "What each configuration of Redis keeps", parts, **how)


def _head() -> Iterator[str]:
    yield text_at(_MARGIN, 34, "What each configuration of Redis keeps, and what the validator had said", "title")
    yield text_at(_MARGIN, _HEAD - 14, "configuration", "head")
    yield text_at(_MARGIN + _NAME_WIDTH, _HEAD - 14, "validator", "head")
    for at, crash in enumerate(Crash):
        yield text_at(_left(at), _HEAD - 14, crash.replace("_", " "), "head")


def _row(line: Line, top: int) -> Iterator[str]:
    yield text_at(_MARGIN, top + 15, line.configuration, "")
    yield _box(_MARGIN + _NAME_WIDTH, top, _WORD_WIDTH, line.word)
    yield text_at(_MARGIN + _NAME_WIDTH + 6, top + 15, line.word, "")
    for at, crash in enumerate(Crash):
        cell = line.cells.get(crash)
        if cell is not None:
            yield _box(_left(at), top, _CELL_WIDTH, cell["fate"])
            yield text_at(_left(at) + 6, top + 15, line.said(crash), "")


def _left(at: int) -> int:
    return _MARGIN + _NAME_WIDTH + _WORD_WIDTH + _CELL_WIDTH * at


def _box(x: int, top: int, width: int, look: str) -> str:
    return f'<rect class="{safe(look)}" x="{x}" y="{top + 1}" width="{width - 2}" height="{_ROW - 2}" rx="3"/>'
