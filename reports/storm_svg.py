"""A storm as SVG: answers a second, latencies, and the faults beneath, on one time line. No script, no fetching.

Colour never says what words do not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reports.judged_run import load_judged
from reports.stored_run import write_whole
from reports.storm import storm_lines, storm_of
from reports.svg_forms import drawn, safe, style_of, text_at
from verify.run_layout import STORM_PICTURE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_MARGIN, _LEFT, _PLOT_WIDTH, _KEY_WIDTH = 20, 70, 780, 170
_PLOT = 200
_GAP = 46
_TOP = 84
_LANE = 18
WIDTH = _MARGIN + _LEFT + _PLOT_WIDTH + _KEY_WIDTH
_TICKS = 4
_MOST_LABELS = 12
_PERCENTILES = ("p50_ms", "p95_ms", "p99_ms")
_LOOKS = 6
"""Looks of answers; those that are rarer share the last one."""

STYLE = """
text{font:12px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#1f2328}
.ground{fill:#ffffff}.title{font:600 17px system-ui,'DejaVu Sans',sans-serif}
.quiet{fill:#59636e}.head{font-weight:700}.grid{stroke:#d1d9e0;stroke-width:1}
.end{text-anchor:end}.a0{fill:#2da44e}.a1{fill:#bf8700}.a2{fill:#0969da}.a3{fill:#8250df}.a4{fill:#cf222e}.a5{fill:#6e7781}
.p50_ms{stroke:#0969da}.p95_ms{stroke:#bf8700;stroke-dasharray:6 3}.p99_ms{stroke:#cf222e;stroke-dasharray:2 3}
.line{fill:none;stroke-width:2}.fault{fill:#cf222e;fill-opacity:.18}.strike{stroke:#cf222e;stroke-width:2}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.ground{fill:#0d1117}.quiet{fill:#9198a1}.grid{stroke:#3d444d}
}
"""


def write_storms(folder: Path) -> None:
    """Write the picture of each storm of a judged run beside its verdict.

    Raises:
        StoredRunError: The folder is no judged run, or cannot be written.
    """
    for part in load_judged(folder).parts:
        figures = storm_of(part)
        if figures is not None:
            write_whole(part.stored.folder / STORM_PICTURE, storm_svg(figures).encode())


def storm_svg(figures: Mapping[str, Any]) -> str:
    """Return the picture of a storm's figures."""
    return _drawn(figures, style=style_of(STYLE))


def storm_element(figures: Mapping[str, Any]) -> str:
    """Return it as an element of a page, whose style holds :data:`STYLE` for what is in ``svg.storm``."""
    return _drawn(figures, page_class="storm")


def _drawn(figures: Mapping[str, Any], **how: str) -> str:
    series, faults = figures["series"], figures["faults"]
    first = min((each["second"] for each in series), default=0)
    last = max([each["second"] + 1 for each in series] + [math.ceil(each["to_s"]) for each in faults], default=1)
    time = _Time(first, max(last, first + 1))
    lower = _TOP + _PLOT + _GAP
    lanes = lower + _PLOT + _GAP
    height = lanes + _LANE * max(1, len(faults)) + _MARGIN
    parts = [
        text_at(_MARGIN, 34, "Answers, latencies and faults, second by second", "title"),
        text_at(_MARGIN, 56, next(storm_lines(figures)), "quiet"),
        *_bands(faults, time, lower + _PLOT),
        *_answers(series, list(figures["answers"]), time),
        *_latencies(series, time, lower),
        *_lanes(faults, time, lanes),
    ]
    return drawn((WIDTH, height), "; ".join(storm_lines(figures)), parts, **how)


class _Time:
    """The time line: where a second stands."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last

    def x(self, second: float) -> float:
        share = (min(max(second, self.first), self.last) - self.first) / (self.last - self.first)
        return round(_MARGIN + _LEFT + share * _PLOT_WIDTH, 1)

    @property
    def labels(self) -> range:
        """Seconds that are written down, few enough to be read."""
        return range(self.first, self.last + 1, max(1, math.ceil((self.last - self.first) / _MOST_LABELS)))


def _answers(series: Sequence[Mapping[str, Any]], names: list[str], time: _Time) -> Iterator[str]:
    """Yield the answers of each second, stacked, and what they are."""
    looks = {name: min(at, _LOOKS - 1) for at, name in enumerate(names)}
    most = max((sum(each["answers"].values()) for each in series), default=1)
    yield from _frame(_TOP, "answers a second", time)
    for at in range(1, _TICKS + 1):
        y = _TOP + _PLOT - _PLOT * at / _TICKS
        yield from _tick(y, f"{most * at / _TICKS:,.0f}")
    for each in series:
        left, right, y = time.x(each["second"]), time.x(each["second"] + 1), float(_TOP + _PLOT)
        for name in names:
            tall = _PLOT * each["answers"].get(name, 0) / most
            y -= tall
            if tall:
                yield (
                    f'<rect class="a{looks[name]}" x="{left}" y="{y:.1f}" width="{max(right - left - 1, 0.5):.1f}" '
                    f'height="{tall:.1f}"><title>{safe(name)}</title></rect>'
                )
    for at, name in enumerate(names):
        y = _TOP + 14 + 18 * at
        x = _MARGIN + _LEFT + _PLOT_WIDTH + 14
        yield f'<rect class="a{looks[name]}" x="{x}" y="{y - 10}" width="12" height="12"/>'
        yield text_at(x + 18, y, name, "")


def _latencies(series: Sequence[Mapping[str, Any]], time: _Time, top: int) -> Iterator[str]:
    """Yield percentiles of each second on a logarithmic scale."""
    values = [each[name] for each in series for name in _PERCENTILES if name in each]
    low = math.floor(math.log10(min(values, default=1)))
    high = max(math.ceil(math.log10(max(values, default=10))), low + 1)
    yield from _frame(top, "latency, ms", time)
    for power in range(low, high + 1):
        yield from _tick(top + _PLOT - _PLOT * (power - low) / (high - low), f"{10.0**power:,g}")
    for at, name in enumerate(_PERCENTILES):
        heights = {
            each["second"]: _PLOT * (math.log10(each[name]) - low) / (high - low) for each in series if name in each
        }
        points = " ".join(f"{time.x(at_s + 0.5)},{top + _PLOT - tall:.1f}" for at_s, tall in heights.items())
        yield f'<polyline class="line {name}" points="{points}"/>'
        x, y = _MARGIN + _LEFT + _PLOT_WIDTH + 14, top + 14 + 18 * at
        yield f'<line class="line {name}" x1="{x}" x2="{x + 24}" y1="{y - 4}" y2="{y - 4}"/>'
        yield text_at(x + 30, y, name[:-3], "")


def _bands(faults: Sequence[Mapping[str, Any]], time: _Time, bottom: int) -> Iterator[str]:
    for fault in faults:
        left, right = time.x(fault["from_s"]), time.x(fault["to_s"])
        if right - left < 2:  # noqa: PLR2004 - narrower than its own line
            yield f'<line class="strike" x1="{left}" x2="{left}" y1="{_TOP}" y2="{bottom}"/>'
        else:
            tall = bottom - _TOP
            yield f'<rect class="fault" x="{left}" y="{_TOP}" width="{right - left:.1f}" height="{tall}"/>'


def _lanes(faults: Sequence[Mapping[str, Any]], time: _Time, top: int) -> Iterator[str]:
    """Yield one line for each fault: when it was there, and what shows that it bit."""
    if not faults:
        yield text_at(_MARGIN, top + 12, "no fault was injected", "quiet")
    for at, fault in enumerate(faults):
        y = top + _LANE * at
        left, right = time.x(fault["from_s"]), time.x(fault["to_s"])
        yield f'<rect class="fault" x="{left}" y="{y}" width="{max(right - left, 3):.1f}" height="{_LANE - 3}"/>'
        seen = fault["witness"] or "nothing shows that it bit"
        yield text_at(_MARGIN, y + 12, f"{fault['word']}", "head")
        yield f"<g><title>{safe(seen)}</title>"
        is_late = right > _LEFT + _PLOT_WIDTH / 2
        yield text_at(left - 6 if is_late else right + 6, y + 12, fault["asked"], "quiet end" if is_late else "quiet")
        yield "</g>"


def _frame(top: int, name: str, time: _Time) -> Iterator[str]:
    left, bottom = _MARGIN + _LEFT, top + _PLOT
    yield text_at(_MARGIN, top - 8, name, "head")
    yield f'<line class="grid" x1="{left}" x2="{left + _PLOT_WIDTH}" y1="{bottom}" y2="{bottom}"/>'
    for second in time.labels:
        yield text_at(time.x(second) - 4, bottom + 16, f"{second}s", "quiet")


def _tick(y: float, label: str) -> Iterator[str]:
    left = _MARGIN + _LEFT
    yield f'<line class="grid" x1="{left}" x2="{left + _PLOT_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
    yield text_at(_MARGIN, y + 4, label, "quiet")
