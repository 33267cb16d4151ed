"""Follows imports from both sides through whatever else of the tree they pass: a chain may lead over a third package.

What the tree does not hold is not followed: a library cannot import a module of the tree that nobody names to it.
"""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING, NamedTuple

from verify.rollout.dynamic_imports import dynamic_imports
from verify.rollout.naming import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from verify.rollout.inside_tree import Interpreter


class Reach(NamedTuple):
    """Where imports lead.

    Attributes:
        chains: Each from one side to the other, as names of modules.
        modules: How many modules of the tree were followed.
        made: File and line of each import on the way whose name is made at run time.
    """

    chains: list[list[str]]
    modules: int
    made: list[tuple[str, int]]


def import_reach(interpreter: Interpreter, pairs: list[tuple[str, str]]) -> Reach:
    """Return the chains from the first to the second package of each pair.

    Args:
        interpreter: Where grimp is, and which tree is looked at.
        pairs: Names of packages.

    Raises:
        CannotCheckError: A file cannot be read as Python, or a package is not there.
    """
    tree, roots = interpreter.tree, interpreter.import_roots
    tops = {name.partition(".")[0] for pair in pairs for name in pair}
    while True:
        further, made = dynamic_imports(tree, sorted(tops), roots)
        # For grimp, what is in no package is outside; its imports are told.
        single = {name: path for name in sorted(tops) for path in _files(tree, roots, name)}
        further += [(name, imported) for name, path in single.items() for imported in _imports(tree, path)]
        answer = interpreter.run(
            "import_chains",
            packages=sorted(tops - single.keys()),
            modules=sorted(single),
            further=further,
            pairs=pairs,
        )
        named = {name.partition(".")[0] for name in [*answer["outside"], *(imported for _, imported in further)]}
        fresh = {name for name in named - tops if any(_lies_in(tree, root, name) for root in roots)}
        if not fresh:
            break
        tops |= fresh
    reached = set(answer["reached"])
    followed = answer["modules"] + len(single)
    return Reach(answer["chains"], followed, [(path, line) for module, path, line in made if module in reached])


def _files(tree: Path, roots: tuple[str, ...], name: str) -> Iterator[str]:
    """Yield the file of a module that lies in no package."""
    for root in roots:
        if not os.path.isdir(tree / root / name) and os.path.isfile(tree / root / f"{name}.py"):  # noqa: PTH112, PTH113
            yield f"{name}.py" if root == "." else f"{root}/{name}.py"


def _lies_in(tree: Path, root: str, name: str) -> bool:
    place = tree / root / name
    return os.path.isfile(f"{place}.py") or any(place.rglob("*.py"))  # noqa: PTH113 - what cannot be seen is not there


def _imports(tree: Path, path: str) -> Iterator[str]:
    """Yield what the import statements of a module name; of `from a import b` it is `a.b`."""
    for node in ast.walk(parsed(tree, path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
