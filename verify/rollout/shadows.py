"""Whether another file would be imported in the place of a protected module, or could be.

Which of two Python takes depends on the path at run time, so that a second one is enough.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from verify.rollout.errors import CannotCheckError
from verify.rollout.findings import Finding
from verify.rollout.path_text import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_ENDING = re.compile(r"\.(?:pyc?|pyd|so|[\w-]+\.so|[\w-]+\.pyd)")


def shadows(tree: Path, protected: Iterable[str], known: Iterable[str], roots: tuple[str, ...]) -> Iterator[Finding]:
    """Yield each file that answers to the name of a protected module and was not in the baseline.

    Args:
        tree: The tree.
        protected: The paths that are looked at.
        known: Every path of the baseline.
        roots: Folders of the tree in which modules are looked up.

    Raises:
        CannotCheckError: A folder cannot be read.
    """
    modules = sorted(path for path in protected if path.endswith(".py"))
    held, listing = set(known), _Listing(tree, {_word(part) for path in modules for part in path.split("/")})
    told: set[str] = set()
    asked: set[str] = set()
    for path in modules:
        for root in roots:
            within = _below(path, root)
            for name in () if within is None else _names(within, asked):
                for found in (found for other in roots for found in listing.answering(_join(other, name))):
                    if found not in held and found not in told:
                        told.add(found)
                        text = to_text(found)
                        sentence = f"{text} could be imported in the place of the protected module {to_text(path)}"
                        yield Finding(rule="shadowed", path=text, sentence=sentence)


def _below(path: str, root: str) -> str | None:
    if root == ".":
        return path
    return path.removeprefix(f"{root}/") if path.startswith(f"{root}/") else None


def _join(root: str, name: str) -> str:
    return name if root == "." else f"{root}/{name}"


def _names(within: str, asked: set[str]) -> Iterator[str]:
    """Yield the module and each package above it, as paths without ending; each that is not *asked* yet, once."""
    name = within.removesuffix(".py")
    while name and name not in asked:
        # What is above it is among them, too.
        asked.add(name)
        yield name
        name = name.rpartition("/")[0]


def _word(name: str) -> str:
    """Return a name up to its first dot."""
    return name.partition(".")[0]


class _Listing:
    """What is in each folder, read once; of names that begin with other *words* than those of modules, nothing."""

    def __init__(self, tree: Path, words: set[str]) -> None:
        self._tree, self._words = tree, words | {"__init__"}
        self._held: dict[str, dict[str, list[str]]] = {}

    def _names(self, folder: str, stem: str) -> list[str]:
        """Return the names in a folder that begin with the first word of *stem*, up to a dot."""
        if folder not in self._held:
            held: dict[str, list[str]] = {}
            try:
                with os.scandir(self._tree / folder) as entries:
                    for entry in entries:
                        if (word := _word(entry.name)) in self._words:
                            held.setdefault(word, []).append(entry.name)
            except (FileNotFoundError, NotADirectoryError):
                held = {}
            except OSError as error:
                raise CannotCheckError(f"{to_text(folder)} cannot be looked into: {error.strerror}") from None
            self._held[folder] = held
        return self._held[folder].get(_word(stem), [])

    def answering(self, module: str) -> list[str]:
        """Return every file that is imported under the name of *module*, a path without ending."""
        folder, _, stem = module.rpartition("/")
        within = f"{folder}/" if folder else ""
        found = []
        for name in self._names(folder, stem):
            if name == stem:
                inits = self._names(f"{within}{name}", "__init__")
                endings = (each for each in inits if _ENDING.fullmatch(each, len("__init__")))
                found += [f"{within}{name}/{each}" for each in endings]
            elif name.startswith(f"{stem}.") and _ENDING.fullmatch(name, len(stem)):
                found.append(f"{within}{name}")
        return found
