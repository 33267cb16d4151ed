"""A disk that kills its writer at a chosen step, and knows what a power cut at that step would leave."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from safety_core.job_safety.retry_audit.disk import Disk


class UnsyncedDisk(Disk):
    """A disk that is not waited for."""

    def sync(self, descriptor: int) -> None:
        """Return at once."""

    def sync_folder(self, path: Path) -> None:
        """Return at once."""


class ShakyDisk(Disk):
    """Counts half steps; at the chosen one the process kills itself.

    What has not been synced is noted in a file, for `cut_power`; the real disk is not waited for.
    """

    def __init__(self, notes: Path, fatal: int) -> None:
        self.notes = notes
        self.fatal = fatal
        self.steps = 0
        self.paths: dict[int, Path] = {}
        self.lengths: dict[str, int] = {}
        self.undo: list[tuple[str, str, str]] = []

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self.fatal:
            self._save()
            os.kill(os.getpid(), signal.SIGKILL)

    def _save(self) -> None:
        self.notes.write_text(json.dumps({"lengths": self.lengths, "undo": self.undo}), encoding="utf-8")

    def create(self, path: Path) -> int:
        """Create; the name is not on the disk before its folder is synced."""
        self._step()
        descriptor = super().create(path)
        self.paths[descriptor] = path
        self.lengths[str(path)] = 0
        self.undo.append((str(path.parent), "created", str(path)))
        self._step()
        return descriptor

    def write(self, descriptor: int, data: bytes) -> None:
        """Write in two halves."""
        self._step()
        super().write(descriptor, data[: len(data) // 2])
        self._step()
        super().write(descriptor, data[len(data) // 2 :])
        self._step()

    def sync(self, descriptor: int) -> None:
        """Sync the bytes."""
        self._step()
        self.lengths[str(self.paths[descriptor])] = os.fstat(descriptor).st_size
        self._step()

    def sync_folder(self, path: Path) -> None:
        """Sync the names."""
        self._step()
        self.undo = [each for each in self.undo if each[0] != str(path)]
        self._step()

    def replace(self, fresh: Path, path: Path) -> None:
        """Rename; the new name is not on the disk before its folder is synced."""
        self._step()
        super().replace(fresh, path)
        self.lengths[str(path)] = self.lengths.pop(str(fresh), 0)
        self.undo.append((str(path.parent), f"renamed from {fresh}", str(path)))
        self._step()

    def remove(self, path: Path) -> None:
        """Remove; the name comes back in a power cut before its folder is synced."""
        self._step()
        if path.exists():
            ghost = path.with_name(path.name + ".ghost")
            path.rename(ghost)
            self.undo.append((str(path.parent), "removed", str(path)))
        self._step()


def cut_power(notes: Path) -> None:
    """Take away from the disk what was not synced, as a power cut may."""
    known: dict[str, Any] = json.loads(notes.read_text(encoding="utf-8"))
    for place, length in known["lengths"].items():
        if Path(place).exists():
            os.truncate(place, length)
    for _, how, place in reversed(known["undo"]):
        path = Path(place)
        if how == "created":
            path.unlink(missing_ok=True)
        elif how == "removed":
            path.with_name(path.name + ".ghost").rename(path)
        elif path.exists():
            path.rename(how.removeprefix("renamed from "))
