"""What the audit asks of the disk, one step per method: the seam at which a test can kill the writer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Disk:
    """The real disk."""

    def create(self, path: Path) -> int:
        """Create a file that must not be there, and return its descriptor for appending."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of `data`."""
        while data:
            data = data[os.write(descriptor, data) :]

    def sync(self, descriptor: int) -> None:
        """Return when the file's bytes are on the disk."""
        os.fsync(descriptor)

    def sync_folder(self, path: Path) -> None:
        """Return when the folder's names are on the disk."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def make_folder(self, path: Path) -> None:
        """Make a folder and its parents; the name of each is on the disk then."""
        if path.is_dir():
            return
        self.make_folder(path.parent)
        path.mkdir(exist_ok=True)
        self.sync_folder(path.parent)

    def replace(self, fresh: Path, path: Path) -> None:
        """Give a file its name, in place of what has it."""
        fresh.replace(path)

    def remove(self, path: Path) -> None:
        """Remove a file that may be gone already."""
        path.unlink(missing_ok=True)
