"""Finds the imports that no import statement makes, such as `importlib.import_module`. Reads, runs nothing."""

from __future__ import annotations

import ast
import importlib.util
from typing import TYPE_CHECKING

from verify.rollout.naming import parsed
from verify.rollout.path_text import to_text
from verify.rollout.walking import found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_BY_NAME = frozenset({"import_module", "__import__", "find_spec", "run_module"})
_CALLS = _BY_NAME | {"run_path", "spec_from_file_location"}
_LEVEL = 4
"""Where `__import__` is told by a number how far above its own package it begins."""


def dynamic_imports(
    tree: Path, packages: Iterable[str], roots: tuple[str, ...]
) -> tuple[list[tuple[str, str]], list[tuple[str, str, int]]]:
    """Return the imports with a literal name, and where a name is made at run time.

    Args:
        tree: The tree.
        packages: Packages, and modules without one, that are looked through.
        roots: Folders of the tree in which modules are looked up.

    Returns:
        Pairs of importing and imported module, and for each unknown one the importing module, its file and line.

    Raises:
        CannotCheckError: A file cannot be read as Python.
    """
    known: list[tuple[str, str]] = []
    made: list[tuple[str, str, int]] = []
    for root in roots:
        places = [name.replace(".", "/") for name in packages]
        patterns = tuple(_join(root, each) for place in places for each in (f"{place}/**/*.py", f"{place}.py"))
        for path in found(tree, patterns):
            module = _module(path, root)
            package = module if path.endswith("/__init__.py") else module.rpartition(".")[0]
            for line, name in _of_file(tree, path, {"__name__": module, "__package__": package}):
                if name is None:
                    made.append((module, to_text(path), line))
                else:
                    known.append((module, name))
    return known, made


def _join(root: str, place: str) -> str:
    return place if root == "." else f"{root}/{place}"


def _module(path: str, root: str) -> str:
    within = path if root == "." else path.removeprefix(f"{root}/")
    return within.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _of_file(tree: Path, path: str, own: Mapping[str, str]) -> Iterator[tuple[int, str | None]]:
    """Yield the line of each such import and what it imports; None where that is not known."""
    nodes = list(ast.walk(parsed(tree, path)))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    called = {id(call.func) for call in calls}
    names = {"__import__": "__import__"} | {
        alias.asname or alias.name: alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in _CALLS
    }
    for call in calls:
        if (function := _last_name(call.func, names)) in _CALLS:
            yield call.lineno, _imported(call, function, own)
    read = (node for node in nodes if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load))
    for name in read:
        # Whoever gets it can call it with any name.
        if id(name) not in called and _last_name(name, names) in _CALLS:
            yield name.lineno, None


def _last_name(node: ast.AST, names: Mapping[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return names.get(node.id, "") if isinstance(node, ast.Name) else ""


def _imported(call: ast.Call, function: str, own: Mapping[str, str]) -> str | None:
    """Return the absolute name that a call imports; None where it is made at run time."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    first = call.args[0] if call.args else given.get("name", given.get("mod_name"))
    name = _text(first, own)
    if function not in _BY_NAME or name is None or len(call.args) > _LEVEL or "level" in given or None in given:
        return None
    if not name.startswith("."):
        return name
    second = call.args[1] if len(call.args) > 1 else given.get("package")
    package = own["__package__"] if second is None else _text(second, own)
    try:
        return None if package is None else importlib.util.resolve_name(name, package)
    except ImportError:
        return None


def _text(node: ast.expr | None, own: Mapping[str, str]) -> str | None:
    """Return the text that an expression stands for, as far as that can be read."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return own.get(node.id) if isinstance(node, ast.Name) else None
