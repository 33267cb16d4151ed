"""What a name in a file of the tree means: it is followed through imports, and through modules that pass it on."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING, NamedTuple

from verify.rollout.errors import CannotCheckError
from verify.rollout.path_text import to_text
from verify.rollout.reading import whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FURTHEST = 16
"""Through so many modules a name is followed."""


class Bound(NamedTuple):
    """What a file binds.

    Attributes:
        names: What each name means, dotted: what is imported, and what the file defines itself.
        stars: Modules from which it imports whatever they have.
    """

    names: dict[str, str]
    stars: list[str]


def parsed(tree: Path, path: str) -> ast.Module:
    """Return a file as Python reads it.

    Raises:
        CannotCheckError: It cannot be read as Python.
    """
    try:
        return ast.parse(whole(tree / path))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError, CannotCheckError) as error:
        raise CannotCheckError(f"{to_text(path)} cannot be read as Python: {error}") from None


class Naming:
    """What names mean in one tree. Reads files, runs nothing."""

    def __init__(self, tree: Path, roots: tuple[str, ...]) -> None:
        """Begin with nothing read.

        Args:
            tree: The tree.
            roots: Folders of it in which modules are looked up.
        """
        self._tree = tree
        self._roots = sorted(("" if root == "." else f"{root}/" for root in roots), key=len, reverse=True)
        self._bound: dict[str, Bound] = {}
        self._places: dict[str, tuple[str, str] | None] = {}

    def bound(self, path: str) -> Bound:
        """Return what a file binds.

        Raises:
            CannotCheckError: It cannot be read as Python.
        """
        if path not in self._bound:
            self._bound[path] = _bound(parsed(self._tree, path), self._module(path), path)
        return self._bound[path]

    def meaning(self, dotted: str) -> str:
        """Return what a dotted name leads to, under the name of the module that defines it.

        Raises:
            CannotCheckError: A module on the way cannot be read as Python.
        """
        for _ in range(_FURTHEST):
            place = self.place(dotted)
            if place is None:
                break
            path, rest = place
            here = ".".join(part for part in (self._module(path), rest) if part)
            passed_on = self._passed_on(path, rest)
            if passed_on in {"", here}:
                return here
            dotted = passed_on
        return dotted

    def place(self, dotted: str) -> tuple[str, str] | None:
        """Return the file of the module that a dotted name begins with, and the rest; None if the tree has none."""
        if dotted not in self._places:
            self._places[dotted] = next(self._found(dotted.split(".")), None)
        return self._places[dotted]

    def _found(self, parts: list[str]) -> Iterator[tuple[str, str]]:
        for number in range(len(parts), 0, -1):
            name = "/".join(parts[:number])
            for root in self._roots:
                for path in (f"{root}{name}/__init__.py", f"{root}{name}.py"):
                    if os.path.isfile(self._tree / path):  # noqa: PTH113 - what cannot be seen is not there
                        yield path, ".".join(parts[number:])

    def _passed_on(self, path: str, rest: str) -> str:
        """Return where the module at *path* has what is called *rest* from; empty where it has it from nowhere."""
        first, _, more = rest.partition(".")
        names, stars = self.bound(path)
        found = names.get(first, "")
        for star in stars if first and not found else ():
            held = self.place(star)
            if held is not None and not held[1] and held[0] != path and first in self.bound(held[0]).names:
                found = f"{star}.{first}"
        return f"{found}.{more}" if found and more else found

    def _module(self, path: str) -> str:
        within = next((path.removeprefix(root) for root in self._roots if path.startswith(root)), path)
        name = within.removesuffix(".py").replace("/", ".")
        return "" if name == "__init__" else name.removesuffix(".__init__")


def _bound(file: ast.Module, module: str, path: str) -> Bound:
    package = module if path.endswith("__init__.py") else module.rpartition(".")[0]
    names: dict[str, str] = {}
    stars = []
    own = [target.id for node in file.body for target in _targets(node) if isinstance(target, ast.Name)]
    for node in ast.walk(file):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            origin = ".".join(part for part in (above, node.module or "") if part)
            stars += [origin for alias in node.names if alias.name == "*"]
            names |= {
                alias.asname or alias.name: f"{origin}.{alias.name}" for alias in node.names if alias.name != "*"
            }
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.append(node.name)
    for name in own:
        names.setdefault(name, f"{module}.{name}" if module else name)
    return Bound(names, stars)


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []
