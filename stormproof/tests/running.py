"""Runs the command line as a user does: another process, a folder of its own, nothing shared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness import clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TIME_LIMIT_S = 240.0
DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def object(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        stored: dict[str, Any] = json.loads(self.out)
        return stored


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start ``stormproof`` with *words* in *folder*."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "stormproof", *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *words: str) -> Said:
    """Run ``stormproof`` with *words* in *folder* to its end."""
    process = start(folder, *words)
    try:
        out, err = process.communicate(timeout=TIME_LIMIT_S)
    finally:
        process.kill()
    return Said(process.returncode, out, err)


def wait_for(condition: Callable[[], bool]) -> None:
    """Return when *condition* holds."""
    deadline_ns = clock.elapsed_ns() + int(DEADLINE_S * 1e9)
    while not condition():
        assert clock.elapsed_ns() < deadline_ns, "the phase was not reached in time"
        clock.pause_s(0.005)
