"""Where a process can be killed while it writes a file: before and after each step of the disk, and within a line.

Goes into a process that ends soon, and stays in it. What was not synced by then is noted, so that the power can be
cut too. It knows files that are created, appended to and synced; anything else it refuses by name.
"""

from __future__ import annotations

import builtins
import json
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_REFUSED = ("replace", "rename", "unlink", "remove", "truncate", "ftruncate", "pwrite", "writev", "sendfile", "link")


class NotWalkedError(Exception):
    """The audit does with its files what the walk does not know."""


class KillPoints:
    """Counts the steps of this process below one folder, and kills it at the chosen one.

    Attributes:
        steps: How many there were.
    """

    def __init__(self, folder: Path, notes: Path, fatal: int) -> None:
        """Describe where; nothing is changed yet.

        Args:
            folder: Whose files count.
            notes: Where it is noted what was not synced.
            fatal: The step at which to die, from 1; 0 lives.
        """
        self.steps = 0
        self._folder = str(folder)
        self._notes = notes
        self._fatal = fatal
        self._paths: dict[int, str] = {}
        self._synced: dict[str, int] = {}
        self._unnamed: set[str] = set()
        self._real: dict[str, Callable[..., Any]] = {}

    def install(self) -> None:
        """Stand before the functions of `os` from here on."""
        for name in ("open", "write", "fsync", "fdatasync", "mkdir"):
            self._real[name] = getattr(os, name)
            setattr(os, name, getattr(self, f"_{name}"))
        for name in _REFUSED:
            setattr(os, name, _refusing(name, getattr(os, name), self._is_ours))
        opened = builtins.open

        def guarded(file: Any, mode: str = "r", *more: Any, **named: Any) -> Any:
            if set(mode) & set("wax+") and self._is_ours(file):
                raise NotWalkedError(f"it writes {file} by open(), whose buffer nobody sees; expected os.write")
            return opened(file, mode, *more, **named)

        builtins.open = guarded

    def step(self) -> None:
        """Die if it is time to."""
        self.steps += 1
        if self.steps == self._fatal:
            noted = json.dumps({"synced": self._synced, "unnamed": sorted(self._unnamed)})
            descriptor = self._real["open"](self._notes, os.O_WRONLY | os.O_CREAT, 0o600)
            self._real["write"](descriptor, noted.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_ours(self, place: Any) -> bool:
        return isinstance(place, str | os.PathLike) and os.fspath(place).startswith(self._folder)

    def _open(self, path: Any, flags: int, mode: int = 0o777, **named: Any) -> int:
        is_new = self._is_ours(path) and bool(flags & os.O_CREAT) and not Path(path).exists()
        if is_new:
            self.step()
        descriptor: int = self._real["open"](path, flags, mode, **named)
        if self._is_ours(path):
            self._paths[descriptor] = os.fspath(path)
        if is_new:
            self._synced[os.fspath(path)] = 0
            self._unnamed.add(os.fspath(path))
            self.step()
        return descriptor

    def _mkdir(self, path: Any, *more: Any, **named: Any) -> None:
        self.step()
        self._real["mkdir"](path, *more, **named)
        if self._is_ours(path):
            self._unnamed.add(os.fspath(path))
        self.step()

    def _write(self, descriptor: int, data: bytes) -> int:
        if descriptor not in self._paths:
            written: int = self._real["write"](descriptor, data)
            return written
        self.step()
        half = len(data) // 2
        self._real["write"](descriptor, data[:half])
        self.step()
        self._real["write"](descriptor, data[half:])
        self.step()
        return len(data)

    def _fdatasync(self, descriptor: int) -> None:
        """Sync a file's bytes, as fsync does."""
        self._fsync(descriptor)

    def _fsync(self, descriptor: int) -> None:
        """Note what is synced; the real disk is not waited for."""
        path = self._paths.get(descriptor, "")
        self.step()
        if path in self._synced:
            self._synced[path] = os.fstat(descriptor).st_size
        self._unnamed -= {name for name in self._unnamed if os.path.dirname(name) == path}  # noqa: PTH120 - a text
        self.step()


def _refusing(name: str, real: Callable[..., Any], is_ours: Callable[[Any], bool]) -> Callable[..., Any]:
    def refuse(place: Any, *more: Any, **named: Any) -> Any:
        if is_ours(place) or isinstance(place, int):
            raise NotWalkedError(f"it uses os.{name}, and the walk knows open, write, fsync and mkdir only")
        return real(place, *more, **named)

    return refuse


def cut_power(notes: Path) -> None:
    """Take from the disk what had not been synced when the process died, as a power cut may."""
    noted = json.loads(notes.read_text(encoding="utf-8"))
    for name, length in noted["synced"].items():
        os.truncate(name, length)
    for name in noted["unnamed"]:
        path = Path(name)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
