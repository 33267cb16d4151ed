"""Task: the versions of distributions."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from typing import Any


def answer(request: dict[str, Any]) -> dict[str, str]:
    """Return the version of each of the names; `missing` where it is not installed."""
    return {name: _version(name) for name in request["names"]}


def _version(name: str) -> str:
    if name == "python":
        return f"{platform.python_implementation()} {sys.version_info.major}"
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
