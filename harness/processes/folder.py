"""Temporary folders that a killed harness cannot leave behind for good.

Each folder holds a lock for as long as its process lives; the kernel drops it with the process, even with SIGKILL.
The lock file names that process.
The first folder of a later process removes those whose lock is free. Must never remove a folder that it could not
lock, nor one without our lock file.
"""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import tempfile
from pathlib import Path

_PLACE, _PREFIX = "/tmp", "sp-"  # noqa: S108 - mkdtemp makes it; TMPDIR may be too long for a socket
_LOCK = "owner.lock"
_locks: dict[Path, int] = {}


def make_folder() -> Path:
    """Return a new folder under /tmp, with a path short enough for a unix socket in it (below 100 characters)."""
    _sweep(os.getpid())
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_PLACE))
    lock = os.open(folder / "new.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.write(lock, b"%d\n" % os.getpid())
    # Renamed when locked: no other process ever meets an unlocked lock file of a living folder.
    (folder / "new.lock").rename(folder / _LOCK)
    _locks[folder] = lock
    return folder


def remove_folder(folder: Path) -> None:
    """Remove *folder* and all that is in it. May be called twice."""
    shutil.rmtree(folder, ignore_errors=True)
    lock = _locks.pop(folder, None)
    if lock is not None:
        os.close(lock)


@functools.cache
def _sweep(_process: int) -> None:
    """Remove what killed processes left, once per process."""
    for path in Path(_PLACE).glob(f"{_PREFIX}*/{_LOCK}"):
        _remove_if_orphaned(path)


def _remove_if_orphaned(path: Path) -> None:
    try:
        lock = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        # Gone meanwhile, or another user's.
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path.parent, ignore_errors=True)
    except BlockingIOError:
        # Its process lives.
        return
    finally:
        os.close(lock)
