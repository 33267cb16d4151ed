"""Task: whether compiled files hold what their sources say."""

from __future__ import annotations

import importlib.util
import marshal
import re
from pathlib import Path
from typing import Any

_HEADER = 16
_OPTIMISED = re.compile(r"\.opt-([12])\.pyc$")


def answer(request: dict[str, Any]) -> list[list[str]]:
    """Return for each pair of compiled file and source what it is: `same`, `other` or `foreign`."""
    return [[compiled, _compared(Path(compiled), Path(source))] for compiled, source in request["pairs"]]


def _compared(compiled: Path, source: Path) -> str:
    content = compiled.read_bytes()
    if content[:4] != importlib.util.MAGIC_NUMBER:
        return "foreign"
    level = _OPTIMISED.search(compiled.name)
    code = compile(
        source.read_bytes(), str(source), "exec", dont_inherit=True, optimize=int(level[1]) if level else 0
    )
    try:
        return "same" if marshal.loads(content[_HEADER:]) == code else "other"  # noqa: S302 - a process of its own
    except (EOFError, ValueError, TypeError):
        return "other"
