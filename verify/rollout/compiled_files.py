"""Whether what compilers left beside the protected sources says what the sources say: Python would run it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from verify.rollout.errors import CannotCheckError
from verify.rollout.findings import Finding, unknown
from verify.rollout.path_text import to_text
from verify.rollout.walking import COMPILED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from verify.rollout.inside_tree import Interpreter

_SAYS = {
    "other": "does not say what its source says, and Python may run it in the place of the source",
    "foreign": "was compiled for another Python, so that it was not compared with its source; remove it",
}


def compiled_files(tree: Path, protected: Iterable[str], interpreter: Interpreter) -> Iterator[Finding]:
    """Yield each compiled file of a protected source that is not of that source.

    Raises:
        CannotCheckError: They cannot be read or compared.
    """
    pairs = list(_pairs(tree, protected))
    if not pairs:
        return
    for compiled, said in interpreter.run("compiled", pairs=pairs):
        name = to_text(os.path.relpath(compiled, tree))
        if said == "foreign":
            yield unknown(f"{name} {_SAYS[said]}", name, "compiled")
        elif said != "same":
            yield Finding(rule="compiled", path=name, sentence=f"{name} {_SAYS[said]}")


def _pairs(tree: Path, protected: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each compiled file with its source, as places of this machine."""
    folders: dict[str, dict[str, list[str]]] = {}
    for path in sorted(protected):
        if not path.endswith(".py"):
            continue
        folder, _, name = path.rpartition("/")
        place = f"{folder}/{COMPILED}" if folder else COMPILED
        if place not in folders:
            folders[place] = _names(tree / place)
        stem = name.removesuffix("py")
        for each in folders[place].get(stem.partition(".")[0], ()):
            if each.startswith(stem) and each.endswith(".pyc"):
                yield str(tree / place / each), str(tree / path)


def _names(folder: Path) -> dict[str, list[str]]:
    """Return the names in a folder by their first word, up to a dot."""
    held: dict[str, list[str]] = {}
    try:
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 - names, not paths
            held.setdefault(name.partition(".")[0], []).append(name)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise CannotCheckError(f"{to_text(str(folder))} cannot be looked into: {error.strerror}") from None
    return held
