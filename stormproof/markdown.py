"""Markdown of the generated pages. It knows nothing of what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in line) + " |" for line in lines
    )


def joined(parts: Iterable[str]) -> str:
    """Return the parts that are not empty as one page."""
    return "\n\n".join(part for part in parts if part) + "\n"
