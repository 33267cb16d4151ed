"""Where a subject's imports are, besides Python's own places: kept with a run, so that a replay finds them too."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_VARIABLE = "PYTHONPATH"
_ROOT = Path(__file__).resolve().parents[2]


def own_places() -> tuple[str, ...]:
    """Return the folders of PYTHONPATH; one below the working folder by its relative name, so that a run can move."""
    given = [Path(place).absolute() for place in _named()]
    here = Path.cwd()
    return tuple(
        str(place.relative_to(here) if place.is_relative_to(here) else place)
        for place in dict.fromkeys(given)
        if place.resolve() != _ROOT
    )


def search_also(places: Iterable[str]) -> None:
    """Look for modules in *places* too, first there, in this process and in its children."""
    found = list(dict.fromkeys(str(Path(place).absolute()) for place in places))
    sys.path[:0] = [place for place in found if place not in sys.path]
    if found:
        _tell_children([*found, *_named()])


def search_beside(source: Path) -> str:
    """Look for modules where Python would if it ran *source*, but last; return the package that *source* is in.

    The folder is the one that holds the file, or the outermost package of the file. Where there is a package, this
    process's children look there too, because they import its modules by their names.
    """
    folder = source.absolute().parent
    inner: list[str] = []
    while (folder / "__init__.py").is_file():
        inner.insert(0, folder.name)
        folder = folder.parent
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    if inner:
        _tell_children([*_named(), str(folder)])
    return ".".join(inner)


def _named() -> list[str]:
    return [place for place in os.environ.get(_VARIABLE, "").split(os.pathsep) if place]


def _tell_children(places: Iterable[str]) -> None:
    os.environ[_VARIABLE] = os.pathsep.join(dict.fromkeys(places))
