"""Our packages answer to their names in our own processes, whatever else is found first. Imports none of them.

`harness`, `reports` and `verify` may be packages of a user too. What the user's guard imports is looked after by
`harness.subjects.namesakes`.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

ROOMS = ("stormproof", "scenarios", "properties", "harness", "reports", "verify", "safety_core")
"""The names of our packages."""

ROOT = Path(__file__).resolve().parents[1]
"""Where they are."""


class _Claim:
    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where our package *name* is; None leaves every other name to the next finder."""
        return PathFinder.find_spec(name, [str(ROOT)]) if path is None and name in ROOMS else None


def claim() -> None:
    """From here on let our names mean our packages."""
    sys.meta_path.insert(0, _Claim)


def complaint(error: ImportError) -> str:
    """Return one line for one of our packages that cannot be imported; empty if it is not about one of ours."""
    name = (error.name or "").partition(".")[0]
    if name not in ROOMS:
        return ""
    seen = getattr(sys.modules.get(name), "__file__", None) or "no package of that name"
    return (
        f"{error}: expected stormproof's own package '{name}' in {ROOT}, saw {seen}; another package answers to the "
        "name, or overwrote it: install stormproof into an environment of its own, or install it again"
    )
