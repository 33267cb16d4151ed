"""The picture of a finding for a terminal: plain text, at most 100 columns. It colours nothing.

``*`` is a step, ``X`` one that a fault struck, ``>`` says that it arrived, ``?`` that it may not have, ``x`` that it
did not; ``o`` answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.picture import REDIS, VENUE

if TYPE_CHECKING:
    from reports.picture import Picture, Row

WIDTH = 100
_MOST_LANES = 8
_CHANNEL = 36
_REDIS_WIDTH = 7
_VENUE_WIDTH = 24


def as_text(picture: Picture) -> str:
    """Return the picture as lines of at most 100 columns."""
    return "\n".join(_Canvas(picture).lines()) + "\n"


class _Canvas:
    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        count = max(1, min(len(picture.lanes), _MOST_LANES))
        room = WIDTH - _CHANNEL - _REDIS_WIDTH - _VENUE_WIDTH - 1
        self._lane = min(5, room // count)
        self._columns = {name: 1 + min(at, count - 1) * self._lane for at, name in enumerate(picture.lanes)}
        self._shared = set(picture.lanes[count - 1 :]) if len(picture.lanes) > count else set()
        self._channel = 1 + count * self._lane
        self._redis = self._channel + _CHANNEL
        self._venue = self._redis + _REDIS_WIDTH
        self._open: set[str] = set()
        self._last = {row.process: at for at, row in enumerate(picture.rows) if row.process}

    def lines(self) -> list[str]:
        picture = self._picture
        head = f"{picture.checker}: {picture.sentence}"
        remark = [f"({picture.remark})"] if picture.remark else []
        return [*wrapped(head), *wrapped(picture.schedule), *remark, "", self._heads(), *self._body()]

    def _heads(self) -> str:
        cells = [" "] * WIDTH
        for name, column in self._columns.items():
            _put(cells, column, ("..." if name in self._shared else name)[: self._lane])
        _put(cells, self._redis, REDIS)
        _put(cells, self._venue, VENUE)
        return _joined(cells)

    def _body(self) -> list[str]:
        lines = []
        for at, row in enumerate(self._picture.rows):
            if row.is_phase:
                mark = "!!" if row.fault else "--"
                lines.append(_cut(f"{mark} {row.text} " + (f"({row.fault}) " if row.fault else "") + mark))
                lines += self._remarks(f"witness: {row.witness}" if row.witness else "")
                continue
            if not row.is_late:
                self._open.add(row.process)
            lines.append(self._step(row))
            if row.fault:
                lines += self._remarks(f"!! {row.fault}" + (f": {row.outcome}" if row.outcome else ""))
                lines += self._remarks(f"witness: {row.witness}" if row.witness else "")
            if row.ends or at == self._last[row.process]:
                self._open.discard(row.process)
        return lines

    def _lifelines(self) -> list[str]:
        cells = [" "] * WIDTH
        for name, column in self._columns.items():
            if name in self._open:
                cells[column] = "|"
        cells[self._redis] = cells[self._venue] = "|"
        return cells

    def _step(self, row: Row) -> str:
        cells = self._lifelines()
        start = self._columns[row.process]
        text = f"{row.process}: {row.text}" if row.process in self._shared else row.text
        if not row.target:
            cells[start] = "o"
            _put(cells, self._channel + 1, _cut(f"{text} ", WIDTH - self._channel - 1))
            return _joined(cells)
        end = self._redis if row.target == REDIS else self._venue
        said = text if row.fault or not row.outcome else f"{text} -> {row.outcome}"
        line = "~" if row.fault else "-"
        for column in range(start + 1, end - 1):
            cells[column] = line
        cells[start] = "X" if row.fault and not row.is_late else "*"
        cells[end - 1] = ">" if row.arrives else "x" if row.is_unsent else "?"
        _put(cells, self._channel, f" {_cut(said, _CHANNEL - 3)} ")
        if row.effect:
            mark = "!! " if row.is_again or row.is_other else ""
            said = f"[{mark}{row.effect}]"
            _put(cells, self._venue, said if self._venue + len(said) <= WIDTH else said.replace("effect ", ""))
        return _joined(cells)

    def _remarks(self, words: str) -> list[str]:
        room = WIDTH - self._channel - 1
        lines = []
        for part in wrapped(words, room) if words else []:
            cells = self._lifelines()
            _put(cells, self._channel + 1, part + " ")
            lines.append(_joined(cells))
        return lines


def _put(cells: list[str], column: int, text: str) -> None:
    for at, char in enumerate(text):
        if column + at < len(cells):
            cells[column + at] = char


def _joined(cells: list[str]) -> str:
    return "".join(cells).rstrip()


def _cut(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else f"{text[: max(width - 3, 0)]}..."


def wrapped(text: str, width: int = WIDTH) -> list[str]:
    """Wrap at blanks, and within a word that is wider than the line."""
    lines, line = [], ""
    for word in text.split(" "):
        rest = word
        if line and len(line) + 1 + len(rest) > width:
            lines.append(line)
            line = ""
        while len(rest) > width:
            lines.append(rest[:width])
            rest = rest[width:]
        line = f"{line} {rest}" if line else rest
    return [*lines, line]
