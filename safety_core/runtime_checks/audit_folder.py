"""Does the folder of the audit records take a file? Tries it with one that has no name and is gone at once."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .facts import AuditFolder

if TYPE_CHECKING:
    from os import PathLike


def look_at(path: str | PathLike[str]) -> AuditFolder:
    """Write a byte into a file of the folder, down to the disk, and say how that went. Nothing stays behind."""
    folder = Path(path)
    if not folder.is_dir():
        return AuditFolder(str(path), exists=False, trouble="no folder" if folder.exists() else "not there")
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(b"\n")
            os.fsync(file.fileno())
    except OSError as error:
        return AuditFolder(str(path), exists=True, trouble=str(error.strerror or error))
    return AuditFolder(str(path), exists=True, trouble="")
