"""Task: what a callable of the tree gives, called with nothing: a schema or a document, as JSON."""

from __future__ import annotations

import importlib
import json
from typing import Any


def answer(request: dict[str, Any]) -> Any:
    """Return what the target gives; JSON must hold it."""
    module, _, name = request["target"].partition(":")
    held = importlib.import_module(module)
    for part in name.split("."):
        held = getattr(held, part)
    return json.loads(json.dumps(held(), allow_nan=False))  # type: ignore[operator]  # a callable of the user's
