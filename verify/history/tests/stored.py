"""Reads the stored histories of the corpus. Only tests do this: the oracle itself opens no file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.history.events import from_object

if TYPE_CHECKING:
    from verify.history.events import Event

CORPUS = Path(__file__).parent / "corpus"


def names(kind: str) -> list[str]:
    """Return the names of the stored histories that are ``good`` or ``bad``."""
    return sorted(path.stem for path in (CORPUS / kind).glob("*.jsonl"))


def sentences() -> dict[str, list[dict[str, Any]]]:
    """Return what is to be said of each bad history: checker, operations and sentence of each finding."""
    expected: dict[str, list[dict[str, Any]]] = json.loads((CORPUS / "sentences.json").read_text(encoding="utf-8"))
    return expected


def read(kind: str, name: str) -> list[Event]:
    """Return the events of one stored history."""
    lines = (CORPUS / kind / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [from_object(json.loads(line)) for line in lines]
