"""Finds the uses of functions that have effects, and says which of them go through a guard. Reads, runs nothing.

A use is guarded where the function is handed to a guard, or is called in a function, lambda or method that is handed
to one and is used for nothing else. A call among the arguments of a guard is made before the guard is asked: it is
not guarded. Imports are followed; what is called by another name than those is not seen.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from verify.rollout.errors import CannotCheckError
from verify.rollout.naming import Naming, parsed
from verify.rollout.path_text import to_text
from verify.rollout.patterns import matches
from verify.rollout.reading import whole
from verify.rollout.walking import walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from verify.rollout.rules import Effects

_ANYWHERE = ("**/*.py",)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSite:
    """One use of a function that has effects.

    Attributes:
        path: The file.
        line: Its line, from 1.
        function: Dotted name of the function, as the rules say it.
        is_guarded: Whether a guard is around it.
        is_allowed: Whether the rules let it stand there without one.
    """

    path: str
    line: int
    function: str
    is_guarded: bool
    is_allowed: bool


class _When(Enum):
    """When code runs, seen from the guards."""

    PAST = "past every guard"
    HANDED = "before a guard, to make what it is handed"
    INSIDE = "when a guard calls it"


class _Read(NamedTuple):
    """A name that a file reads."""

    node: ast.Name | ast.Attribute
    when: _When
    is_called: bool


def call_sites(tree: Path, effects: Effects, roots: tuple[str, ...]) -> tuple[list[CallSite], list[str]]:
    """Return every use of the configured functions, by file and line; and whose uses cannot be found, and why.

    Raises:
        CannotCheckError: A file cannot be read as Python.
    """
    naming = Naming(tree, roots)
    functions = {naming.meaning(name): name for name in effects.functions}
    called = {name.rpartition(".")[2] for name in (*functions, *functions.values())}
    while True:
        look = _Look(tree, naming, functions, effects, called)
        sites = [site for path in _files(tree) for site in look.at(path)]
        sites.sort(key=lambda site: (site.path, site.line, site.function))
        if look.renamed <= called:
            used = {site.function for site in sites}
            return sites, [said for name in functions.items() if (said := _lacking(naming, *name, used))]
        # Who imports a function under another name may pass it on under that one.
        called |= look.renamed


def _files(tree: Path) -> Iterator[str]:
    """Yield every source of the tree, one at a time: there may be a million."""
    for seen in walk(tree, _ANYWHERE):
        if seen.problem:
            raise CannotCheckError(f"{to_text(seen.path)} {seen.problem}")
        yield seen.path


def _lacking(naming: Naming, meaning: str, name: str, used: set[str]) -> str:
    place = naming.place(meaning)
    attribute = "" if place is None else place[1]
    if "." in attribute:
        return f"{name} is a method, and whose method is called cannot be read; expected a function in the rules"
    is_there = place is not None and attribute in naming.bound(place[0]).names
    return (
        "" if name in used or is_there else f"{name} has effects by the rules, and the tree neither has nor uses it"
    )


class _Look:
    """One look through the files.

    Attributes:
        renamed: Names by which a function was imported.
    """

    def __init__(
        self, tree: Path, naming: Naming, functions: dict[str, str], effects: Effects, called: set[str]
    ) -> None:
        self._tree, self._naming, self._functions, self._effects = tree, naming, functions, effects
        self._called = called
        self.renamed: set[str] = set()

    def at(self, path: str) -> Iterator[CallSite]:
        """Yield the uses in one file."""
        try:
            source = whole(self._tree / path)
        except (OSError, CannotCheckError) as error:
            raise CannotCheckError(f"{to_text(path)} cannot be read as Python: {error}") from None
        if not any(name.encode() in source for name in self._called):
            return
        file = parsed(self._tree, path)
        names = self._names(path)
        guards = self._effects.guards
        handed = _handed(file, list(_reads(file, names, guards, frozenset())))
        allowed = matches(path, self._effects.unguarded_in)
        for read in _reads(file, names, guards, handed):
            if function := self._function(_dotted(read.node, names)):
                yield CallSite(
                    path=to_text(path),
                    line=read.node.lineno,
                    function=function,
                    is_guarded=read.when is _When.INSIDE or (read.when is _When.HANDED and not read.is_called),
                    is_allowed=allowed,
                )

    def _names(self, path: str) -> dict[str, str]:
        """Return what names mean in a file; take note of functions that have another name there."""
        bound = self._naming.bound(path)
        from_stars = {
            name: f"{star}.{name}"
            for star in bound.stars
            for name in self._called
            if self._function(f"{star}.{name}")
        }
        self.renamed |= {name for name, dotted in bound.names.items() if self._function(dotted)}
        return from_stars | bound.names

    def _function(self, dotted: str) -> str:
        """Return which function of the rules a name means; empty if none."""
        if dotted.rpartition(".")[2] not in self._called:
            return ""
        return self._functions.get(self._naming.meaning(dotted), "")


def _reads(
    file: ast.Module, names: dict[str, str], guards: tuple[str, ...], handed: frozenset[str]
) -> Iterator[_Read]:
    """Yield every name that is read, and when.

    Args:
        file: The file.
        names: What names mean in it.
        guards: What guards are called.
        handed: Functions of the file that only guards call.
    """
    waiting: list[tuple[ast.AST, _When, bool]] = [(file, _When.PAST, False)]
    while waiting:
        node, when, is_called = waiting.pop()
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield _Read(node, when, is_called)
        below = when
        if isinstance(node, _Function):
            is_inside = node.name in handed or any(_is_guard(each, names, guards) for each in node.decorator_list)
            below = _When.INSIDE if is_inside or when is _When.INSIDE else _When.PAST
            waiting += [(each, when, False) for each in (*node.decorator_list, node.args)]
            waiting += [(each, below, False) for each in node.body]
            continue
        if isinstance(node, ast.Lambda) and when is _When.HANDED:
            below = _When.INSIDE
        elif isinstance(node, ast.Call):
            waiting.append((node.func, when, True))
            below = _When.HANDED if _is_guard(node.func, names, guards) and when is _When.PAST else when
            waiting += [(each, below, False) for each in (*node.args, *node.keywords)]
            continue
        waiting += [(child, below, False) for child in ast.iter_child_nodes(node)]


def _handed(file: ast.Module, reads: list[_Read]) -> frozenset[str]:
    """Return the functions and methods of a file that are handed to guards, and used for nothing else there."""
    defined = {node.name for node in ast.walk(file) if isinstance(node, _Function)}
    uses = [(name, read) for read in reads if (name := _own_name(read.node)) in defined]
    handed = {name for name, read in uses if read.when is _When.HANDED and not read.is_called}
    return frozenset(handed - {name for name, read in uses if read.when is not _When.HANDED or read.is_called})


def _own_name(node: ast.Name | ast.Attribute) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"} else ""


def _is_guard(called: ast.expr, names: dict[str, str], guards: tuple[str, ...]) -> bool:
    name = _dotted(called.func if isinstance(called, ast.Call) else called, names)
    return any(name == guard or name.endswith(f".{guard}") for guard in guards)


def _dotted(node: ast.AST, names: dict[str, str]) -> str:
    """Return the dotted name that an expression means; empty if it is none."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(names.get(node.id, node.id))
    return ".".join(reversed(parts))
