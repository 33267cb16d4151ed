"""Several runs on a terminal, the oldest first. Colour never says what words do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich.table import Table
from rich.text import Text

from reports.judged_run import plain
from reports.terminal import STYLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.trend import RunSeen


_FIGURES = ("held", "found", "schedules", "per s")


def trend_table(runs: Sequence[RunSeen]) -> Table:
    """Return the table of the runs, one line each."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for head in ("started", "run", "verdict", *_FIGURES):
        justify: Literal["right", "left"] = "right" if head in _FIGURES else "left"
        table.add_column(head, justify=justify, overflow="fold", no_wrap=head in {"started", "verdict"})
    for run in runs:
        held = sum(part.verdict == "VALID" for part in run.parts.values())
        table.add_row(
            run.started[:16].replace("T", " ") or "unknown",
            Text(plain(run.name)),
            Text(run.verdict.value, STYLE[run.verdict]),
            f"{held} of {len(run.parts)}",
            str(run.findings),
            f"{run.schedules:,}",
            "unknown" if run.rate is None else f"{run.rate:,.1f}",
        )
    return table
