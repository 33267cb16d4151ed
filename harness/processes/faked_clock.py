"""A clock of other processes in our hands: libfaketime is preloaded and reads its offset from a file that we write.

Must never be used on a process that the harness did not start. The library is an optional extra (GPL).
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_WHEEL_PATH = "vendor/libfaketime/src/libfaketime.so.1"
SYSTEM_PATHS = tuple(
    Path(f"/usr/lib/{machine}-linux-gnu/faketime/libfaketime.so.1") for machine in ("x86_64", "aarch64")
)
"""Where Debian's package puts it."""


_REAL_WAITS = {"FAKETIME_FORCE_MONOTONIC_FIX": "0"}
"""Waits by a monotonic clock that is not moved are left alone. On some versions of glibc the library corrects them so
that they end at once: a thread spins that waits for another, as Python's threads wait for its interpreter."""


def find_library() -> Path | None:
    """Return the compiled libfaketime, from the PyPI wheel or Debian's package; None where there is none."""
    spec = importlib.util.find_spec("libfaketime")
    folders = (spec.submodule_search_locations or ()) if spec is not None else ()
    candidates = (*(Path(folder) / _WHEEL_PATH for folder in folders), *SYSTEM_PATHS)
    return next((path for path in candidates if path.is_file()), None)


class FakedClock:
    """An offset file, and the environment in which a process follows it.

    Attributes:
        library: The preloaded library.
        offset_us: How far the clock is moved, in microseconds.
    """

    def __init__(self, library: Path, folder: Path, *, fakes_monotonic: bool = False) -> None:
        """Create the file, without an offset, in *folder*.

        Args:
            library: libfaketime.
            folder: Where the file is made.
            fakes_monotonic: Whether monotonic clocks move too. Timeouts that the kernel measures never do.
        """
        self.library = library.resolve()
        self.offset_us = 0
        self._fakes_monotonic = fakes_monotonic
        # The loader splits LD_PRELOAD at spaces and colons; a link in our own folder has neither.
        self._preload = folder / "libfaketime.so.1"
        self._preload.symlink_to(self.library)
        self._path = folder / "clock"
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._write()

    def environment(self, base: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Return the environment *base* with what makes a process started in it follow this clock."""
        preload = base.get("LD_PRELOAD")
        kept = "0" if self._fakes_monotonic else "1"
        return {
            **{name: value for name, value in base.items() if not name.startswith("FAKETIME")},
            "LD_PRELOAD": f"{self._preload}:{preload}" if preload else str(self._preload),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": kept,
            "DONT_FAKE_MONOTONIC": kept,
            **({} if self._fakes_monotonic else _REAL_WAITS),
        }

    def move_to(self, offset_us: int) -> None:
        """Set the offset; every process in the environment sees it at its next look at the clock."""
        self.offset_us = offset_us
        self._write()

    def close(self) -> None:
        """Release the file. May be called twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self) -> None:
        # One write of constant width: a process may read at any moment and must never see half an offset.
        os.pwrite(self._file, f"+{self.offset_us // 1_000_000:011d}.{self.offset_us % 1_000_000:06d}s\n".encode(), 0)


def forget_shared_memory(pid: int) -> None:
    """Unlink the shared memory that libfaketime made for *pid*; a killed process would leave it behind for good."""
    for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
        with contextlib.suppress(FileNotFoundError):
            Path("/dev/shm", name).unlink()  # noqa: S108 - not a temporary file of ours: the library's own names
