"""How far the exploration has moved time: what the harness wrote down, not what two clocks seem to say.

Between a look at one clock and a look at another a busy machine lets any time pass, so that their difference, and a
clock that is made of it, would go back and forth.
"""

from __future__ import annotations

import os

_PATH = os.environ.get("FAKETIME_TIMESTAMP_FILE")


def offset_ns() -> int:
    """Return it in nanoseconds; 0 where nobody can move time."""
    if _PATH is None:
        return 0
    with open(_PATH, encoding="ascii") as file:  # noqa: PTH123 - pathlib costs every process its import
        return round(float(file.read().strip("+s\n")) * 1e9)
