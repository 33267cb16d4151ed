"""Packages of a user that bear the names of ours: the user's code gets the user's, our code gets ours.

Python keeps one module for each name. So where two packages answer to `harness`, say, it depends on who asks which of
the two is shown: a file of ours, or any other. Must never change what our own code imports.
"""

from __future__ import annotations

import builtins
import functools
import importlib.util
import os
import sys
import sysconfig
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

ROOMS = ("stormproof", "scenarios", "properties", "harness", "reports", "verify", "safety_core")
"""The names of our packages."""

_ROOT = os.path.realpath(Path(__file__).parents[2])
_OURS = tuple(f"{_ROOT}{os.sep}{room}{os.sep}" for room in ROOMS)
_LIBRARY = tuple(os.path.realpath(sysconfig.get_path(each)) + os.sep for each in ("stdlib", "platstdlib"))
_PACKAGES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def heed() -> None:
    """From here on let every importer find its own, if there are two packages of one name. May be called again."""
    names = {room for room in ROOMS if _find_other(room) is not None}
    if names and not _heeded:
        _heeded.append(_Namesakes())
        builtins.__import__ = _heeded[0]
        sys.meta_path.insert(0, _heeded[0])
    for namesakes in _heeded:
        namesakes.names |= names


def find_other(module: str) -> ModuleSpec | None:
    """Return where *module* of the user's package of that name is; None if it is not in a package of ours' name.

    Raises:
        ImportError: Its package cannot be imported.
    """
    for namesakes in _heeded:
        if module.partition(".")[0] in namesakes.names:
            with namesakes.showing(others=True):
                return importlib.util.find_spec(module)
    return None


class _Namesakes:
    """Stands in the place of ``__import__``, and is the finder of the packages that are not ours.

    Attributes:
        names: Names to which two packages answer.
    """

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._import = builtins.__import__
        self._shows_others = False
        self._hidden: dict[str, ModuleType] = {}

    def __call__(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - the names are those of __import__
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        wanted = _absolute(name, globals, level)
        top = wanted.partition(".")[0]
        if top not in self.names:
            return self._import(name, globals, locals, fromlist, level)
        others = self._wants_others(globals)
        known = self._hidden.get(wanted) if others != self._shows_others else None
        if known is not None and fromlist and all(hasattr(known, each) for each in fromlist):
            return known
        with self.showing(others=others):
            return self._import(name, globals, locals, fromlist, level)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where the other package *name* is, while the others are shown; None leaves it to the next finder."""
        return _find_other(name) if self._shows_others and path is None and name in self.names else None

    @contextmanager
    def showing(self, *, others: bool) -> Iterator[None]:
        """Let the names stand for the other packages, or for ours, and afterwards for what they stood for before."""
        before = self._shows_others
        self._show(others=others)
        try:
            yield
        finally:
            self._show(others=before)

    def _show(self, *, others: bool) -> None:
        if others == self._shows_others:
            return
        shown = {name: sys.modules[name] for name in list(sys.modules) if name.partition(".")[0] in self.names}
        for name in shown:
            del sys.modules[name]
        sys.modules.update(self._hidden)
        self._hidden = shown
        self._shows_others = others

    def _wants_others(self, importer: Mapping[str, Any] | None) -> bool:
        """Say which of two packages a module means; Python's own library means the one that is shown."""
        file = None if importer is None else importer.get("__file__")
        is_ours = _is_ours(file) if isinstance(file, str) else None
        return self._shows_others if is_ours is None else not is_ours


@functools.cache
def _is_ours(file: str) -> bool | None:
    """Say whether a file is one of ours; None for one of Python's own library."""
    place = os.path.realpath(file)
    if place.startswith(_OURS):
        return True
    is_library = place.startswith(_LIBRARY) and not any(each in place for each in _PACKAGES)
    return None if is_library else False


def _absolute(name: str, importer: Mapping[str, Any] | None, level: int) -> str:
    if not level:
        return name
    package = str((importer or {}).get("__package__") or "")
    base = package.rsplit(".", level - 1)[0] if level > 1 else package
    return f"{base}.{name}" if name else base


def _find_other(name: str) -> ModuleSpec | None:
    """Return where a package *name* is that is not ours; a folder without ``__init__.py`` yields to ours, as ever."""
    elsewhere = [place for place in sys.path if os.path.realpath(place or ".") != _ROOT]
    spec = PathFinder.find_spec(name, elsewhere)
    return spec if spec is not None and spec.origin is not None else None


_heeded: list[_Namesakes] = []
