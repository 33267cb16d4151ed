"""What an audit is to the walk, and the audits in the box: the core's, and the planted ones with their twins.

An audit is a factory ``make(folder) -> audit`` with ``audit.act(key, do)``, which calls ``do()`` once and leaves a
record before and after it, ``audit.read()``, which gives ``(key, "intent" | "outcome")`` of every record or raises
what is wrong with them, and ``audit.close()``. It writes with `os.open`, `os.write`, `os.fsync` and `os.mkdir`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from harness.audit_walk import planted
from harness.errors import WrongInputError
from harness.subjects.broken.planted import Planted


class Audit(Protocol):
    """An audit of one process."""

    def act(self, key: str, do: Callable[[], None]) -> None:
        """Write the intent down, do it, write down that it was done."""

    def read(self) -> Iterable[tuple[str, str]]:
        """Return key and side of every record; raise where something is missing or changed."""

    def close(self) -> None:
        """Let go of the files."""


MakeAudit = Callable[[str], Audit]

_FOLDER = "harness.audit_walk.planted"


def _planted() -> dict[str, Planted]:
    found = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(planted.__path__)):
        said = getattr(importlib.import_module(f"{_FOLDER}.{name}"), "PLANTED", None)
        if isinstance(said, Planted):
            found[name] = said
    return found


PLANTED: dict[str, Planted] = _planted()
"""The planted audits by name."""

BOX: dict[str, str] = {
    "audit": "harness.audit_walk.reference:make",
    **{f"broken.{name}": f"{_FOLDER}.{name}:make" for name in PLANTED},
    **{f"twin.{name}": f"{_FOLDER}.{name}:make_twin" for name in PLANTED},
}
"""Where the audits in the box are."""


def load_audit(name: str) -> MakeAudit:
    """Return the factory of an audit: a name of the box, ``package.module:make`` or ``path/to/file.py:make``.

    Raises:
        WrongInputError: There is none.
    """
    where, _, attribute = BOX.get(name, name).rpartition(":")
    if not where or not attribute:
        forms = "package.module:make, path/to/file.py:make"
        raise WrongInputError(f"unknown audit {name!r}; expected one of: {', '.join(BOX)}, {forms}")
    try:
        if where.endswith(".py"):
            namespace: dict[str, object] = {"__name__": "stormproof_audit"}
            exec(compile(Path(where).read_bytes(), where, "exec"), namespace)  # noqa: S102 - the user's own file
            make = namespace[attribute]
        else:
            make = getattr(importlib.import_module(where), attribute)
    except (ImportError, OSError, AttributeError, KeyError, SyntaxError) as error:
        raise WrongInputError(f"audit {name!r} cannot be loaded: {error!r}") from error
    if not callable(make):
        raise WrongInputError(f"audit {name!r} is {type(make).__name__}, not a factory make(folder)")
    return make
