"""Digests of the code that runs: our own, and that of a subject in a file. Reads sources, and imports nothing."""

from __future__ import annotations

import functools
import hashlib
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_ROOMS = ("harness", "properties", "reports", "safety_core", "scenarios", "stormproof", "verify")
_KINDS = {".py", ".lua"}


def code_of(subjects: list[str]) -> dict[str, str]:
    """Return the digest of our code, and of each subject that lies in a file, by name.

    A subject in a package is named by its module and found where imports are looked for; one in the box is our code.
    """
    found = {"stormproof": own_code()}
    for name in subjects:
        source = _source(name)
        if source is not None:
            found[name] = hashlib.sha256(source.read_bytes()).hexdigest()
    return found


@functools.cache
def own_code() -> str:
    """Return one digest of all our sources: of their places, and of what is in them."""
    digest = hashlib.sha256()
    paths = [path for room in _ROOMS for path in (_ROOT / room).rglob("*") if path.suffix in _KINDS]
    for path in sorted(paths):
        digest.update(f"{path.relative_to(_ROOT).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _source(subject: str) -> Path | None:
    """Return the file of a subject ``path/to/file.py:make`` or ``package.module:make``; None where there is none."""
    place, made, _ = subject.rpartition(":")
    if not made:
        return None
    if place.endswith(".py"):
        return Path(place) if Path(place).is_file() else None
    inner = place.replace(".", "/")
    candidates = (Path(folder or ".") / f"{inner}{end}" for folder in sys.path for end in (".py", "/__init__.py"))
    return next((path for path in candidates if path.is_file()), None)
