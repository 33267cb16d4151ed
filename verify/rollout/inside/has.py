"""Task: whether a module can be imported and holds a name."""

from __future__ import annotations

import importlib
from typing import Any


def answer(request: dict[str, Any]) -> str:
    """Return what is amiss; empty where nothing is."""
    module, _, name = request["target"].partition(":")
    try:
        held = importlib.import_module(module)
    except Exception as error:  # noqa: BLE001 - whatever the import raises is what is amiss
        return f"{module} cannot be imported ({type(error).__name__}: {error})"
    return "" if callable(getattr(held, name, None)) else f"{module} has no function {name}"
