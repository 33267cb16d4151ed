"""A small disk (tmpfs) over a folder, for as long as it is wanted. Needs the right to mount; leaves none behind.

Even where this process is killed: then a child that waits for our end unmounts it.
"""

from __future__ import annotations

import errno
import subprocess
from typing import TYPE_CHECKING

from harness.errors import CouldNotRunError

if TYPE_CHECKING:
    from pathlib import Path

_UNMOUNT_AT_OUR_END = 'read -r _; umount -l "$1" 2>/dev/null; true'
_FILLER = "filler"
_BLOCK = b"." * 65536


class SmallDisk:
    """A tmpfs that can be mounted over a folder."""

    def __init__(self, folder: Path, *, kilobytes: int) -> None:
        """Name the folder and the size; nothing is mounted yet."""
        self._folder = folder
        self._kilobytes = kilobytes
        self._guardian: subprocess.Popen[bytes] | None = None

    @property
    def is_mounted(self) -> bool:
        """Whether the folder is a disk of its own, as the kernel says."""
        return self._folder.is_mount()

    def mount(self) -> None:
        """Mount it over the folder; what was there is hidden.

        Raises:
            CouldNotRunError: This machine, or our user, may not mount.
        """
        options = f"size={self._kilobytes}k,mode=700"
        argv = ["mount", "-t", "tmpfs", "-o", options, "stormproof", str(self._folder)]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
        except OSError as error:
            raise CouldNotRunError(f"Tried to make a small disk: there is no `mount` ({error}).") from error
        if done.returncode != 0 or not self.is_mounted:
            said = done.stderr.strip().partition("\n")[0].rstrip(".")
            raise CouldNotRunError(
                f"Tried to mount a tmpfs of {self._kilobytes} kB for a disk that is full: {said}. It needs root, or "
                "CAP_SYS_ADMIN in a container."
            )
        self._guardian = subprocess.Popen(
            ["sh", "-c", _UNMOUNT_AT_OUR_END, "sh", str(self._folder)],  # noqa: S607 - wherever it is
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def fill(self) -> int:
        """Write until nothing more is taken; return how many bytes were."""
        written = 0
        with (self._folder / _FILLER).open("ab", buffering=0) as file:
            block = _BLOCK
            while block:
                try:
                    written += file.write(block)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    block = block[: len(block) // 2]
        return written

    def free(self) -> None:
        """Take away what :meth:`fill` wrote. May be called at any time."""
        (self._folder / _FILLER).unlink(missing_ok=True)

    def unmount(self) -> None:
        """Unmount it, and see that it is gone. May be called at any time.

        Raises:
            CouldNotRunError: It is still there.
        """
        if self.is_mounted:
            subprocess.run(["umount", "-l", str(self._folder)], capture_output=True, check=False)  # noqa: S607 - as the PATH of the machine says
        if self._guardian is not None:
            self._guardian.communicate(b"\n")
            self._guardian = None
        if self.is_mounted:
            raise CouldNotRunError(
                f"Unmounted {self._folder}, and it is still a disk of its own. Unmount it by hand."
            )
