"""What the command line says while it works, and how it ends. Every error is one line."""

from __future__ import annotations

import json
import sys
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from rich.console import Console

from verify.history.words import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping


class Exit(IntEnum):
    """Exit codes, the same everywhere."""

    HELD = 0
    VIOLATED = 1
    WRONG_INPUT = 2
    NOT_SHOWN = 3
    INTERRUPTED = 130


_BY_VERDICT = {Verdict.VALID: Exit.HELD, Verdict.INVALID: Exit.VIOLATED, Verdict.UNKNOWN: Exit.NOT_SHOWN}


def count(number: int, one: str, many: str = "") -> str:
    """Return *number* with its noun: ``1 schedule``, ``2 schedules``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def as_json(stored: Mapping[str, Any]) -> str:
    """Return one JSON object as text."""
    return json.dumps(stored, indent=2)


def exit_of(verdict: str, *, interrupted: bool = False) -> Exit:
    """Return the exit code of a verdict; an interruption outranks it."""
    return Exit.INTERRUPTED if interrupted else _BY_VERDICT[Verdict(verdict)]


def console() -> Console:
    """Return a console on standard output that never cuts what people paste."""
    return Console(highlight=False, soft_wrap=False)


def progress_console() -> Console:
    """Return a console on standard error, so that standard output stays machine-readable."""
    return Console(stderr=True, highlight=False)


def complain(message: str) -> None:
    """Print one line of complaint."""
    line = " ".join(str(message).split())
    sys.stderr.write(f"stormproof: {line}\n")
