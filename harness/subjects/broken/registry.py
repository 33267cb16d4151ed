"""The planted guards by name, found from the files of this folder: a file that holds ``PLANTED`` is one."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from harness.subjects.broken.planted import Planted

_FOLDER = Path(__file__).parent


def _found() -> dict[str, Planted]:
    planted = {}
    for name in sorted(module.name for module in pkgutil.iter_modules([str(_FOLDER)])):
        said = getattr(importlib.import_module(f"{__package__}.{name}"), "PLANTED", None)
        if isinstance(said, Planted):
            planted[name] = said
    return planted


PLANTED: dict[str, Planted] = _found()
