"""Where the subject's code is, and how a process gets it anew."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
import sysconfig
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_OURS = __name__.partition(".")[0]


class Source:
    """A factory at ``path/to/file.py:make`` or ``package.module:make``."""

    def __init__(self, place: str, *, again: bool, packages: Sequence[str] = ()) -> None:
        """Find it.

        Args:
            place: The place.
            again: Whether one process executes the module several times, each time as if it were a process of its
                own: for modules that are known to keep nothing elsewhere.
            packages: Modules that it imports only when it is asked for a guard.
        """
        self._packages = packages
        self.again = again
        self._where, _, self._attribute = place.rpartition(":")
        self._path = self._where if self._where.endswith(".py") else None
        if again and self._path is None:
            spec = importlib.util.find_spec(self._where)
            self._path = spec.origin if spec is not None else None
        self._code: Any = None
        self._there = frozenset(sys.modules)

    def load_packages(self) -> None:
        """Import what the subject would import later, so that the copies of this process need not."""
        for name in self._packages:
            importlib.import_module(name)

    def make(self) -> Any:
        """Execute the subject's code and return its factory."""
        if self._path is None:
            return getattr(importlib.import_module(self._where), self._attribute)
        is_file = self._where.endswith(".py")
        if self._code is None:
            with open(self._path, "rb") as file:  # noqa: PTH123 - pathlib costs every process its import
                self._code = compile(file.read(), self._path, "exec")
        name = "stormproof_subject" if is_file else self._where
        module = types.ModuleType(name)
        module.__file__ = self._path
        module.__package__ = "" if is_file else self._where.rpartition(".")[0]
        before = sys.modules.get(name)
        sys.modules[name] = module
        try:
            exec(self._code, module.__dict__)  # noqa: S102 - running the user's own file is the purpose
        finally:
            del sys.modules[name]
            if before is not None:
                sys.modules[name] = before
        return getattr(module, self._attribute)

    def forget(self) -> None:
        """Let everything that is the user's own be imported again: a copy of this process must share none of it.

        Installed packages stay, unless the subject itself is in one.
        """
        installed = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}
        own = "" if self._path is not None else self._where.partition(".")[0]
        for name, module in list(sys.modules.items()):
            root = name.partition(".")[0]
            path = getattr(module, "__file__", None)
            if name in self._there or root == _OURS or not path:
                continue
            is_installed = any(os.path.realpath(path).startswith(folder + os.sep) for folder in installed)
            if root == own or not is_installed:
                del sys.modules[name]


def describe(make: Any) -> dict[str, Any]:
    """Return what a factory says of itself.

    Raises:
        TypeError: It is no factory.
    """
    if not callable(make) or inspect.iscoroutinefunction(make):
        raise TypeError(f"{type(make).__name__} is no factory make(redis_url, lease_s)")
    names = ("promise", "reusable", "breaker", "retries", "masters")
    said: dict[str, Any] = {name: getattr(make, name) for name in names if hasattr(make, name)}
    outside = getattr(make, "outside", {})
    said["outside"] = dict(outside) if isinstance(outside, dict) else repr(outside)
    return said
