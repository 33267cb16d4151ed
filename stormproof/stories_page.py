"""The page of the stories. All of it comes from their registry and from what stands at the head of their files."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from scenarios.registry import STORIES
from stormproof.markdown import NOTE, joined, table

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.storybook import Telling

_ABOUT = """\
What is told on real processes, a real Redis or Valkey and a venue of its own process. `stormproof campaign` tells all
of them of the reference guard, or of `--subject`; `--only NAME` tells one.

In every story the steady state must hold before anything is hurt, and again at the end: new orders are placed once
and answered OK. Each fault must leave a witness. A story whose fault did not bite, or whose place a guard does not
have, is UNKNOWN and says why. The guards that are caught are planted ones ([subjects.md](subjects.md)). The faults
stand in [real-faults.md](real-faults.md).

What a story breaks is searched for among the enumerated schedules, as [after a storm](storms.md)."""


def stories_page(_root: Path) -> str:
    """Return the page."""
    rows = [
        (
            f"[`{name}`](#{name})",
            str(telling.STORY.category),
            telling.STORY.what,
            _named(telling.STORY.kinds, "real-faults.md") or "none",
            _named(telling.STORY.catches, "subjects.md"),
        )
        for name, telling in STORIES.items()
    ]
    parts = ["# Stories", NOTE, _ABOUT, table(("story", "about", "what happens", "faults", "catches"), rows)]
    for name, telling in STORIES.items():
        parts += [f"## {name}", _tale(telling)]
    return joined(parts)


def _named(names: tuple[str, ...], page: str) -> str:
    return ", ".join(f"[`{name}`]({page})" for name in names)


def _tale(telling: Telling) -> str:
    """Return what a story tells: its own words, or what stands at the head of its file."""
    return str(getattr(telling, "tale", None) or inspect.cleandoc(telling.__doc__ or ""))
