"""Finds the imports that no import statement makes, such as `importlib.import_module`. Reads, runs nothing."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.rollout.errors import CannotCheckError
from verify.rollout.path_text import to_text
from verify.rollout.walking import found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CALLS = frozenset({"import_module", "__import__", "find_spec", "run_module", "run_path", "spec_from_file_location"})
_BY_NAME = frozenset({"import_module", "__import__", "find_spec", "run_module"})


def dynamic_imports(
    tree: Path, packages: tuple[str, ...], roots: tuple[str, ...]
) -> tuple[list[tuple[str, str]], list[tuple[str, str, int]]]:
    """Return the imports with a literal name, and where a name is made at run time.

    Args:
        tree: The tree.
        packages: Packages that are looked through.
        roots: Folders of the tree in which modules are looked up.

    Returns:
        Pairs of importing and imported module, and for each unknown one the importing module, its file and line.

    Raises:
        CannotCheckError: A file cannot be read as Python.
    """
    known: list[tuple[str, str]] = []
    made: list[tuple[str, str, int]] = []
    for root in roots:
        places = tuple(_join(root, f"{name.replace('.', '/')}/**/*.py") for name in packages)
        for path in found(tree, places):
            module = _module(path, root)
            for line, name in _of_file(tree, path):
                if name is None:
                    made.append((module, to_text(path), line))
                else:
                    known.append((module, name if not name.startswith(".") else _absolute(name, module, path)))
    return known, made


def _join(root: str, place: str) -> str:
    return place if root == "." else f"{root}/{place}"


def _module(path: str, root: str) -> str:
    within = path if root == "." else path.removeprefix(f"{root}/")
    return within.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _absolute(name: str, module: str, path: str) -> str:
    """Return what a name with leading dots means, in the package of *module*."""
    parts = module.split(".") if path.endswith("/__init__.py") else module.split(".")[:-1]
    level = len(name) - len(name.lstrip("."))
    return ".".join([*parts[: len(parts) - level + 1], name.lstrip(".")])


def _of_file(tree: Path, path: str) -> Iterator[tuple[int, str | None]]:
    try:
        parsed = ast.parse((tree / path).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError) as error:
        raise CannotCheckError(f"{to_text(path)} cannot be read as Python: {error}") from None
    for node in ast.walk(parsed):
        if isinstance(node, ast.Call) and (called := _last_name(node.func)) in _CALLS:
            given = node.args[0] if node.args else None
            is_literal = isinstance(given, ast.Constant) and isinstance(given.value, str) and called in _BY_NAME
            yield node.lineno, str(given.value) if is_literal and isinstance(given, ast.Constant) else None


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
