"""Task: import the isolated packages, and see what they load and what they change in the protected ones."""

from __future__ import annotations

import functools
import importlib
import os
import pkgutil
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_ITS_OWN = frozenset({"__dict__", "__weakref__", "__builtins__"})
_WRAPPERS = (staticmethod, classmethod, property, functools.partial)
_DEEPEST = 3
"""So deep classes within classes, and objects within objects, are looked into."""


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return what was loaded by the isolated packages alone, or what they replaced in the protected ones.

    With `watch`, the protected packages are imported first and compared afterwards, by identity. Without it, nothing
    is imported but the isolated ones.
    """
    before = {}
    if request["watch"]:
        for name in request["protected"]:
            _import_all(name)
        before = _held(request["protected"])
    modules = [module for name in request["isolated"] for module in _import_all(name)]
    if not request["watch"]:
        return {"imported": modules, "loaded": [name for name in sorted(sys.modules) if _is_protected(name, request)]}
    after = _held(request["protected"])
    replaced = [name for name, held in before.items() if name not in after or not _is_same(after[name], held)]
    # A module that is imported becomes an attribute of its package: that is no patch.
    added = [name for name in after.keys() - before.keys() if not isinstance(after[name], type(sys))]
    return {"watched": len(before), "replaced": sorted(replaced), "added": sorted(added)}


def _is_protected(name: str, request: dict[str, Any]) -> bool:
    """Say whether a loaded module is protected, by its name or by the file that it was loaded from."""
    if any(_is_of(name, package) for package in request["protected"]):
        return True
    file = getattr(sys.modules[name], "__file__", None)
    if not isinstance(file, str):
        return False
    places = [f"{root}/{package.replace('.', '/')}" for root in request["roots"] for package in request["protected"]]
    return os.path.realpath(file).startswith(
        tuple(f"{os.path.realpath(place)}{end}" for place in places for end in "/.")
    )


def _is_of(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _import_all(name: str) -> list[str]:
    module = importlib.import_module(name)
    names = [name]
    for found in pkgutil.iter_modules(getattr(module, "__path__", ()), prefix=f"{name}."):
        if found.name.rpartition(".")[2] != "__main__":
            names += _import_all(found.name)
    return names


def _held(packages: list[str]) -> dict[str, Any]:
    """Return every module, function, class and value of *packages*, and what functions and objects are made of."""
    held: dict[str, Any] = {}
    for name, module in sorted(sys.modules.items()):
        if any(_is_of(name, package) for package in packages):
            held[f"sys.modules[{name!r}]"] = module
            _collect(held, name, module, depth=0)
    return held


def _collect(held: dict[str, Any], name: str, owner: Any, *, depth: int) -> None:
    for attribute, value in list(vars(owner).items()):
        if attribute in _NOT_ITS_OWN:
            continue
        place = f"{name}.{attribute}"
        held[place] = value
        for function in _functions(value):
            held |= {f"{place}.{part}": getattr(function, part) for part in ("__code__", "__defaults__")}
            held[f"{place}.__kwdefaults__"] = repr(function.__kwdefaults__)
        if isinstance(value, dict | list | set) and not attribute.startswith("__"):
            held[f"{place} (content)"] = repr(value)
        elif depth < _DEEPEST and not attribute.startswith("__") and _is_made_in(value, owner):
            _collect(held, place, value, depth=depth + 1)


def _functions(value: Any) -> Iterator[Any]:
    """Yield the functions that a value runs: its own, or those that it wraps."""
    parts = ("__func__", "fget", "fset", "fdel", "func", "__wrapped__")
    if hasattr(value, "__code__"):
        yield value
    elif isinstance(value, _WRAPPERS):
        yield from (part for name in parts if hasattr(part := getattr(value, name, None), "__code__"))


def _is_made_in(value: Any, owner: Any) -> bool:
    """Say whether a class, or the class of an object with attributes of its own, was made in *owner* or with it."""
    kind = value if isinstance(value, type) else type(value)
    here = owner.__name__ if isinstance(owner, type(sys)) else getattr(owner, "__module__", None)
    return kind.__module__ == here and hasattr(value, "__dict__")


def _is_same(now: Any, then: Any) -> bool:
    return now is then or (isinstance(then, str | tuple | type(None)) and type(now) is type(then) and now == then)
