"""Task: let a guard prepare its Redis, where it asks for that."""

from __future__ import annotations

import importlib
from typing import Any


def answer(request: dict[str, Any]) -> bool:
    """Return whether there was anything to prepare."""
    module, _, name = request["make"].partition(":")
    prepare = getattr(getattr(importlib.import_module(module), name), "prepare", None)
    if prepare is None:
        return False
    prepare(request["url"])
    return True
