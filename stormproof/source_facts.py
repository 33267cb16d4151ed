"""Facts that are read from source files, not from imported modules: members of enums, and the marks of tests.

The front door may not import the safety core, and a test's mark is a fact of its source too. Nothing is executed.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def members(source: Path, name: str) -> dict[str, tuple[Any, str]]:
    """Return the members of the enum *name* in a source file: the value, and the text that stands below it.

    A value is a literal; within a tuple, a member of another enum is given by its own name.
    """
    tree = ast.parse(source.read_text(encoding="utf-8"))
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    found: dict[str, tuple[Any, str]] = {}
    last = ""
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=last)], value=ast.Tuple(elts=held)):
                found[last] = (tuple(_literal(each) for each in held), "")
            case ast.Assign(targets=[ast.Name(id=last)], value=ast.Constant(value=value)):
                found[last] = (value, "")
            case ast.Expr(value=ast.Constant(value=str(text))) if last:
                found[last] = (found[last][0], " ".join(text.split()))
            case _:
                pass
    return found


def _literal(node: ast.expr) -> Any:
    return node.attr if isinstance(node, ast.Attribute) else ast.literal_eval(node)


def tests_of_outcomes(root: Path, folder: str) -> dict[str, list[tuple[str, str]]]:
    """Return, for each outcome that a test below *folder* is marked with, the files and names of those tests."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted((root / folder).glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for name in _outcomes(node.decorator_list):
                    found[name].append((path.relative_to(root).as_posix(), node.name))
    return found


def _outcomes(decorators: Sequence[ast.expr]) -> Iterator[str]:
    for decorator in decorators:
        match decorator:
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="mark"), attr="outcome"),
                args=[ast.Constant(value=str(name))],
            ):
                yield name
            case _:
                pass
