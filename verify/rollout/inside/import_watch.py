"""Task: import the isolated packages, and see what they load and what they change in the protected ones."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import Any


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
        return {"imported": modules, "loaded": [name for name in sorted(sys.modules) if _is_of(name, request)]}
    after = _held(request["protected"])
    replaced = [name for name, held in before.items() if name not in after or not _is_same(after[name], held)]
    return {"watched": len(before), "replaced": sorted(replaced), "added": sorted(after.keys() - before.keys())}


def _is_of(name: str, request: dict[str, Any]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in request["protected"])


def _import_all(name: str) -> list[str]:
    module = importlib.import_module(name)
    names = [name]
    for found in pkgutil.iter_modules(getattr(module, "__path__", ()), prefix=f"{name}."):
        if found.name.rpartition(".")[2] != "__main__":
            names += _import_all(found.name)
    return names


def _held(packages: list[str]) -> dict[str, Any]:
    """Return every function, class and value of the loaded modules of *packages*, and what functions are made of."""
    held: dict[str, Any] = {}
    for name, module in sorted(sys.modules.items()):
        if any(name == package or name.startswith(f"{package}.") for package in packages):
            _collect(held, name, module, depth=0)
    return held


def _collect(held: dict[str, Any], name: str, owner: Any, *, depth: int) -> None:
    # A module that is imported becomes an attribute of its package: that is no patch.
    for attribute, value in list(vars(owner).items()):
        if attribute in {"__dict__", "__weakref__", "__builtins__"} or type(value) is type(sys):
            continue
        place = f"{name}.{attribute}"
        held[place] = value
        if hasattr(value, "__code__"):
            held[f"{place}.__code__"] = value.__code__
            held[f"{place}.__defaults__"] = value.__defaults__
        if isinstance(value, type) and value.__module__ == getattr(owner, "__name__", None) and not depth:
            _collect(held, place, value, depth=1)
        elif isinstance(value, dict | list | set) and not attribute.startswith("__"):
            held[f"{place} (content)"] = repr(value)


def _is_same(now: Any, then: Any) -> bool:
    return now is then or (isinstance(then, str | tuple | type(None)) and type(now) is type(then) and now == then)
