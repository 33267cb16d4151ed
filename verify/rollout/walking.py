"""Finds every file of a tree that patterns mean. Follows no link, keeps no list of what it does not yield."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from verify.rollout.errors import CannotCheckError
from verify.rollout.path_text import to_text
from verify.rollout.patterns import matches, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    LeaveOut = Callable[[str, list[os.DirEntry[str]]], bool]
    """Is told a folder and all that is in it but folders; says whether none of that is to be yielded."""

COMPILED = "__pycache__"
GITS_OWN = ".git"
"""A repository; of a submodule or another working tree, the file that says where it is."""


class Seen(NamedTuple):
    """One place of the tree.

    Attributes:
        path: Relative to the tree, as `os` gives it.
        problem: Why what is below it could not be seen; empty where it could.
        is_file: Whether its folder lists it as a file, and neither as a link nor as anything else.
    """

    path: str
    problem: str = ""
    is_file: bool = False


def walk(tree: Path, patterns: tuple[str, ...], leave_out: LeaveOut | None = None) -> Iterator[Seen]:
    """Yield each file, link or other thing that the patterns mean, and each folder that cannot be read.

    What is git's own is not yielded, nor what compilers leave in `__pycache__` (see `compiled`). A folder that is a
    link is yielded as the link.

    Args:
        tree: The tree.
        patterns: What is looked for.
        leave_out: Asked of each folder before its files are yielded; None where all are.
    """
    seen: set[str] = set()
    starts = sorted({start(pattern) for pattern in patterns})
    for place in starts:
        if any(place.startswith(f"{other}/") or (not other and place) for other in starts if other != place):
            continue
        for found in _below(tree, place, leave_out):
            is_above = len(found.path) < len(place)
            if found.path in seen or not (found.problem or _is_meant(tree, found.path, patterns)):
                continue
            if is_above:
                # A link on the way to several places; all else is come to once.
                seen.add(found.path)
            yield found


def _is_meant(tree: Path, path: str, patterns: tuple[str, ...]) -> bool:
    """Say whether a pattern means *path*, or what would lie below it if it were a folder and not a link."""
    if matches(path, patterns):
        return True
    is_above = any(f"{start(pattern)}/".startswith(f"{path}/") for pattern in patterns)
    return is_above and (tree / path).is_symlink()


def _below(tree: Path, place: str, leave_out: LeaveOut | None) -> Iterator[Seen]:
    """Yield what is at *place* or below it; a link on the way there is yielded itself."""
    parts = place.split("/") if place else []
    for number in range(1, len(parts) + 1):
        here = "/".join(parts[:number])
        try:
            status = os.lstat(tree / here)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            yield Seen(here, f"cannot be looked at: {error.strerror}")
            return
        if not stat.S_ISDIR(status.st_mode):
            yield Seen(here)
            return
    yield from _within(tree, place) if leave_out is None else _folders(tree, place, leave_out)


def _within(tree: Path, place: str) -> Iterator[Seen]:
    waiting = [place]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(tree / folder) as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.name == GITS_OWN:
                        continue
                    if not entry.is_dir(follow_symlinks=False):
                        yield Seen(path, is_file=entry.is_file(follow_symlinks=False))
                    elif entry.name != COMPILED:
                        waiting.append(path)
        except OSError as error:
            yield Seen(folder, f"cannot be looked into: {error.strerror}")


def _folders(tree: Path, place: str, leave_out: LeaveOut) -> Iterator[Seen]:
    """Do as `_within`, one whole folder after the other."""
    waiting = [place]
    while waiting:
        folder = waiting.pop()
        within, files = f"{folder}/" if folder else "", []
        try:
            with os.scandir(tree / folder) as entries:
                for entry in entries:
                    if entry.name == GITS_OWN:
                        continue
                    if not entry.is_dir(follow_symlinks=False):
                        files.append(entry)
                    elif entry.name != COMPILED:
                        waiting.append(f"{within}{entry.name}")
            is_left_out = leave_out(folder, files)
        except OSError as error:
            yield Seen(folder, f"cannot be looked into: {error.strerror}")
            continue
        for entry in files if not is_left_out else ():
            yield Seen(f"{within}{entry.name}", is_file=entry.is_file(follow_symlinks=False))


def found(tree: Path, patterns: tuple[str, ...]) -> list[str]:
    """Return the paths that the patterns mean, in order.

    Raises:
        CannotCheckError: A folder cannot be read.
    """
    paths = []
    for seen in walk(tree, patterns):
        if seen.problem:
            raise CannotCheckError(f"{to_text(seen.path)} {seen.problem}")
        paths.append(seen.path)
    return sorted(paths)
