"""Finds the calls of functions that have effects, and says which of them go through a guard. Reads, runs nothing.

A call is guarded where the function is handed to a guard, or is called in a function, lambda or method that is handed
to one. What is called under another name than its own is not seen.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.rollout.errors import CannotCheckError
from verify.rollout.path_text import to_text
from verify.rollout.patterns import matches
from verify.rollout.walking import found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from verify.rollout.rules import Effects

_ANYWHERE = ("**/*.py",)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSite:
    """One use of a function that has effects.

    Attributes:
        path: The file.
        line: Its line, from 1.
        function: Dotted name of the function.
        is_guarded: Whether a guard is around it.
        is_allowed: Whether the rules let it stand there without one.
    """

    path: str
    line: int
    function: str
    is_guarded: bool
    is_allowed: bool


def call_sites(tree: Path, effects: Effects) -> list[CallSite]:
    """Return every use of the configured functions, by file and line.

    Raises:
        CannotCheckError: A file cannot be read as Python.
    """
    sites = []
    for path in found(tree, _ANYWHERE):
        for line, function, is_guarded in _of_file(tree, path, effects):
            allowed = matches(path, effects.unguarded_in)
            sites.append(
                CallSite(path=to_text(path), line=line, function=function, is_guarded=is_guarded, is_allowed=allowed)
            )
    return sites


def _of_file(tree: Path, path: str, effects: Effects) -> Iterator[tuple[int, str, bool]]:
    try:
        source = (tree / path).read_bytes()
        if not any(name.rpartition(".")[2].encode() in source for name in effects.functions):
            return
        parsed = ast.parse(source)
    except (OSError, SyntaxError, ValueError, RecursionError) as error:
        raise CannotCheckError(f"{to_text(path)} cannot be read as Python: {error}") from None
    names = _meanings(parsed, path)
    defined = {node.name for node in ast.walk(parsed) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    handed = {
        name.id
        for call in _calls(parsed)
        if _is_guard(call, names, effects)
        for name in _arguments(call)
        if isinstance(name, ast.Name) and name.id in defined
    }
    yield from sorted(_uses(parsed, names, effects, handed, guarded=False))


def _uses(
    node: ast.AST, names: dict[str, str], effects: Effects, handed: set[str], *, guarded: bool
) -> Iterator[tuple[int, str, bool]]:
    """Yield each use below *node*."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        guarded = guarded or node.name in handed
    for child in ast.iter_child_nodes(node):
        inside = guarded or (
            isinstance(node, ast.Call) and child is not node.func and _is_guard(node, names, effects)
        )
        if isinstance(child, ast.Name | ast.Attribute) and isinstance(child.ctx, ast.Load):
            function = _dotted(child, names)
            if function in effects.functions:
                yield child.lineno, function, inside
                continue
        yield from _uses(child, names, effects, handed, guarded=inside)


def _calls(parsed: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(parsed) if isinstance(node, ast.Call))


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _is_guard(call: ast.Call, names: dict[str, str], effects: Effects) -> bool:
    called = _dotted(call.func, names)
    return any(called == guard or called.endswith(f".{guard}") for guard in effects.guards)


def _meanings(parsed: ast.AST, path: str) -> dict[str, str]:
    """Return what each imported name, and each function of the module, means."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    package = module if path.endswith("/__init__.py") else module.rpartition(".")[0]
    names = {}
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            origin = ".".join(part for part in (above, node.module or "") if part)
            names |= {alias.asname or alias.name: f"{origin}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.setdefault(node.name, f"{module}.{node.name}")
    return names


def _dotted(node: ast.AST, names: dict[str, str]) -> str:
    """Return the dotted name that an expression means; empty if it is none."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value, names)
        return f"{owner}.{node.attr}" if owner else node.attr
    return ""
