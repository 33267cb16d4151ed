"""The picture of a finding as SVG: one file, no script, nothing fetched, readable on light and dark ground.

Every text of a run is escaped: a key may be called anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.picture import REDIS, VENUE
from reports.picture_text import wrapped
from reports.svg_forms import drawn, style_of, text_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.picture import Picture, Row

WIDTH = 1000
_MARGIN = 24
_CHANNEL = 356
_GAP = 8
_REDIS_TO_VENUE = 84
_VENUE_WIDTH = 208
_LANES_WIDTH = WIDTH - 2 * _MARGIN - _GAP - _CHANNEL - _REDIS_TO_VENUE - _VENUE_WIDTH
_LANE = 64
_ROW = 30
_PHASE = 40
_REMARK = 17
_FIRST_REMARK = 22
_REMARK_CHARS = 82
_TITLE_CHARS = 88
_SCHEDULE_CHARS = 118
_LABEL_CHARS = 41

STYLE = """
text{font:13px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1f2328}
.ground{fill:#ffffff}.title{font:600 17px system-ui,'DejaVu Sans',sans-serif}
.head{font-weight:700;text-anchor:middle}.quiet{fill:#59636e;font-size:12px}
.bad{fill:#b42318}.strong{font-weight:700}.again{fill:#ffffff;font-weight:700}
.life{stroke:#d1d9e0;stroke-width:1}.bar{fill:#8c959f}.line{stroke:#57606a;stroke-width:1.5}
.struck{stroke:#b42318;stroke-width:1.8;stroke-dasharray:5 4}.tip{fill:#57606a}.tip-bad{fill:#b42318}
.cross{stroke:#b42318;stroke-width:3;stroke-linecap:round}.dot{fill:#57606a}.pad{fill:#ffffff}
.done{fill:#dafbe1;stroke:#1a7f37}.done-again{fill:#b42318;stroke:#b42318}.band{fill:#f0f3f6}
.band-bad{fill:#ffebe9}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.ground,.pad{fill:#0d1117}.quiet{fill:#9198a1}.bad{fill:#ff8f85}.again{fill:#ffffff}
.life{stroke:#3d444d}.bar{fill:#6e7681}.line{stroke:#adb5bd}.tip,.dot{fill:#adb5bd}
.struck,.cross{stroke:#ff8f85}.tip-bad{fill:#ff8f85}.done{fill:#12361f;stroke:#3fb950}
.done-again{fill:#c93c37;stroke:#ff8f85}.band{fill:#1c2128}.band-bad{fill:#3b1719}}
"""


def as_svg(picture: Picture) -> str:
    """Return the picture as an SVG document, at most 1000 pixels wide."""
    return _Drawing(picture).document(style=style_of(STYLE))


def as_element(picture: Picture) -> str:
    """Return the picture as an element of a page, whose style holds :data:`STYLE` for what is in ``svg.picture``."""
    return _Drawing(picture).document(page_class="picture")


class _Drawing:
    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        lane = min(_LANE, _LANES_WIDTH / max(len(picture.lanes), 1))
        self._lanes = {name: _MARGIN + lane * (at + 0.5) for at, name in enumerate(picture.lanes)}
        self._channel = _MARGIN + lane * len(picture.lanes) + _GAP
        self._redis = self._channel + _CHANNEL
        self._venue = self._redis + _REDIS_TO_VENUE
        self._width = round(self._venue + _VENUE_WIDTH + _MARGIN)

    def document(self, *, style: str = "", page_class: str = "") -> str:
        """Return the whole document with an element of style, or an element of a page that has a class for it."""
        head, top = self._head()
        rows, tops, bottom = self._rows(top)
        height = round(bottom + 58)
        picture = self._picture
        parts = [*head, *self._lifelines(top, bottom, tops), *rows, *self._legend(bottom + 30)]
        title = f"{picture.checker}: {picture.sentence}"
        return drawn((self._width, height), title, parts, style=style, page_class=page_class)

    def _head(self) -> tuple[list[str], float]:
        picture = self._picture
        chars = self._width / WIDTH
        parts, y = [], 20.0
        for line in wrapped(picture.sentence, int(_TITLE_CHARS * chars)):
            y += 22
            parts.append(_text(_MARGIN, y, line, "title"))
        y += 22
        parts.append(_text(_MARGIN, y, picture.checker, "bad strong"))
        for line in wrapped(picture.schedule, int(_SCHEDULE_CHARS * chars)):
            y += 18
            parts.append(_text(_MARGIN, y, line, "quiet"))
        if picture.remark:
            y += 18
            parts.append(_text(_MARGIN, y, f"({picture.remark})", "quiet"))
        y += 40
        parts += [_text(x, y, name, "head") for name, x in self._lanes.items()]
        parts += [_text(self._redis, y, REDIS, "head"), _text(self._venue + _VENUE_WIDTH / 2, y, VENUE, "head")]
        return parts, y + 12

    def _rows(self, top: float) -> tuple[list[str], list[float], float]:
        """Return the drawn rows, the height of each row's line, and where they end."""
        parts: list[str] = []
        tops = []
        y = top
        for row in self._picture.rows:
            if row.is_phase:
                y += _PHASE
                tops.append(y - 14)
                parts += self._phase(row, y)
            else:
                y += _ROW
                tops.append(y)
                parts += self._step(row, y)
            for at, (words, look) in enumerate(self._remarks(row)):
                y += _REMARK if at else _FIRST_REMARK - (6 if row.is_phase else 0)
                width = 7.3 * len(words) + 8
                parts.append(_rect(self._channel + 4, y - 11, width, 15, "pad"))
                parts.append(_text(self._channel + 8, y, words, look))
        return parts, tops, y + 16

    def _remarks(self, row: Row) -> Iterator[tuple[str, str]]:
        if not row.fault:
            return
        said = f"{row.fault}: {row.outcome}" if row.outcome else row.fault
        for line in [] if row.is_phase else wrapped(said, _REMARK_CHARS):
            yield line, "bad strong"
        for line in wrapped(f"witness: {row.witness}", _REMARK_CHARS) if row.witness else []:
            yield line, "quiet"

    def _lifelines(self, top: float, bottom: float, tops: list[float]) -> Iterator[str]:
        for x in (*self._lanes.values(), self._redis, self._venue + _VENUE_WIDTH / 2):
            yield f'<line class="life" x1="{x:g}" y1="{top:g}" x2="{x:g}" y2="{bottom:g}"/>'
        for name, x in self._lanes.items():
            own = [
                y for row, y in zip(self._picture.rows, tops, strict=True) if row.process == name and not row.is_late
            ]
            if own:
                yield _rect(x - 4, own[0] - 10, 8, own[-1] - own[0] + 18, "bar", radius=4)

    def _phase(self, row: Row, y: float) -> Iterator[str]:
        look = "band-bad" if row.fault else "band"
        yield _rect(_MARGIN, y - 22, self._width - 2 * _MARGIN, 24, look, radius=4)
        said = f"{row.text} ({row.fault})" if row.fault else row.text
        yield _text(_MARGIN + 10, y - 5, said, "bad strong" if row.fault else "quiet")

    def _step(self, row: Row, y: float) -> Iterator[str]:
        start = self._lanes[row.process]
        if not row.target:
            yield f'<circle class="dot" cx="{start:g}" cy="{y:g}" r="6"/>'
            yield _text(self._channel + 8, y + 4, f"{row.process} {row.text}", "strong", _LABEL_CHARS + 20)
            return
        end = self._redis if row.target == REDIS else self._venue + (0 if row.effect else _VENUE_WIDTH / 2)
        line, tip = ("struck", "tip-bad") if row.fault else ("line", "tip")
        yield f'<line class="{line}" x1="{start:g}" y1="{y:g}" x2="{end - 9:g}" y2="{y:g}"/>'
        if row.arrives:
            yield f'<path class="{tip}" d="M{end - 1:g} {y:g}l-10 -5v10z"/>'
        if row.fault and not row.is_late:
            yield f'<path class="cross" d="M{start - 6:g} {y - 6:g}l12 12m0 -12l-12 12"/>'
        else:
            yield f'<circle class="{tip}" cx="{start:g}" cy="{y:g}" r="5"/>'
        said = _cut(row.text if row.fault or not row.outcome else f"{row.text} → {row.outcome}", _LABEL_CHARS)
        yield _rect(self._channel + 4, y - 10, 7.85 * len(said) + 8, 20, "pad")
        yield _text(self._channel + 8, y + 4, said, "bad" if row.fault else "")
        if row.effect:
            look = "done-again" if row.is_again or row.is_other else "done"
            yield _rect(self._venue, y - 13, _VENUE_WIDTH, 26, look, radius=5)
            yield _text(self._venue + 10, y + 5, row.effect, "again" if row.is_again or row.is_other else "strong")

    def _legend(self, y: float) -> Iterator[str]:
        words = "time runs downwards; a bar is a living call; a cross is a fault; without an arrowhead it may be lost"
        for line in wrapped(words, int(_SCHEDULE_CHARS * self._width / WIDTH)):
            yield _text(_MARGIN, y, line, "quiet")
            y += 16


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[: chars - 3]}..."


def _text(x: float, y: float, text: str, look: str, chars: int = WIDTH) -> str:
    return text_at(x, y, _cut(text, chars), look)


def _rect(x: float, y: float, width: float, height: float, look: str, *, radius: int = 0) -> str:
    return (
        f'<rect class="{look}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
        f"{f' rx={chr(34)}{radius}{chr(34)}' if radius else ''}/>"
    )
