"""Patterns of paths: `execution/**`, `risk/*.py`. ``*`` stays within one folder, ``**`` goes below all of them."""

from __future__ import annotations

import functools
import re

from verify.rollout.errors import RolloutError

_PIECES = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_MEANS = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@functools.lru_cache(maxsize=1024)
def matcher(pattern: str) -> re.Pattern[str]:
    """Return the expression that a whole path must match."""
    words = (_MEANS.get(piece) or re.escape(piece) for piece in _PIECES.findall(pattern))
    return re.compile("".join(words), re.DOTALL)


@functools.lru_cache(maxsize=1024)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    # Of no pattern: what matches nothing.
    return re.compile("|".join(f"(?:{matcher(pattern).pattern})" for pattern in patterns) or "(?!)", re.DOTALL)


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Say whether one of the patterns means *path*."""
    return _any_of(patterns).fullmatch(path) is not None


def start(pattern: str) -> str:
    """Return the folder or file below which everything lies that *pattern* can mean; empty for the whole tree."""
    literal = []
    for name in pattern.split("/"):
        if "*" in name or "?" in name:
            break
        literal.append(name)
    return "/".join(literal)


def checked(pattern: str) -> str:
    """Return *pattern* if it stays within the tree.

    Raises:
        RolloutError: It does not.
    """
    parts = pattern.split("/")
    if pattern.startswith("/") or not pattern or any(part in {"", ".", ".."} for part in parts):
        raise RolloutError(
            f"rollout.toml: {pattern!r} is no path within the tree; expected such as execution/** or risk/gates.py"
        )
    return pattern
