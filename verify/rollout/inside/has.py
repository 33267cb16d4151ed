"""Task: whether modules can be imported and hold a name."""

from __future__ import annotations

import importlib
from typing import Any


def answer(request: dict[str, Any]) -> list[str]:
    """Return for each target what is amiss; empty where nothing is."""
    return [_amiss(target) for target in request["targets"]]


def _amiss(target: str) -> str:
    module, _, name = target.partition(":")
    try:
        held = importlib.import_module(module)
    except Exception as error:  # noqa: BLE001 - whatever the import raises is what is amiss
        return f"{module} cannot be imported ({type(error).__name__}: {error})"
    return "" if callable(getattr(held, name, None)) else f"{module} has no function {name}"
