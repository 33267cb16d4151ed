"""Where a test's guard can be loaded anew, and where its imports are found. Loads nothing itself."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

from stormproof.chaos_errors import CannotExploreError
from stormproof.names import ROOT

_LIBRARY = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "scripts")}
_PACKAGES = {"site-packages", "dist-packages"}


def place_of(make: Any, here: Path) -> str:
    """Return the place of a factory as ``--subject`` takes it: a file, seen from *here*, and a name in it.

    Raises:
        CannotExploreError: It has none. Every process of a schedule loads the guard's module anew, so that none finds
            in memory what another has left there; a closure lives in one module only.
    """
    if isinstance(make, str):
        return make
    if isinstance(make, os.PathLike):
        return f"{os.fspath(make)}:make"
    module = sys.modules.get(getattr(make, "__module__", None) or "")
    file = getattr(module, "__file__", None) or ""
    names = [name for name, value in vars(module).items() if value is make] if module is not None else []
    if not names or not file.endswith(".py"):
        shown = getattr(make, "__qualname__", None) or repr(make)
        raise CannotExploreError(
            f"chaos_explore cannot load {shown} anew for each process of a schedule, so variables that it closes over"
            " would be shared as they never are in production: define make(redis_url, lease_s) at the top of a module"
        )
    path = Path(file).absolute()
    name = getattr(make, "__name__", "")
    shown = path.relative_to(here) if path.is_relative_to(here) else path
    return f"{shown}:{name if name in names else names[0]}"


def search_places(here: Path) -> list[str]:
    """Return where modules are searched in this process, besides Python's own places and ours."""
    places = [here / place for place in sys.path]
    return [str(place) for place in dict.fromkeys(places) if place.is_dir() and not _is_known(place.resolve())]


def _is_known(place: Path) -> bool:
    is_library = any(place == known or known in place.parents for known in _LIBRARY)
    return place == ROOT or is_library or not _PACKAGES.isdisjoint(place.parts)
