"""Remembers what files held when they were last read, by what the system says of them: a first look, not a release.

A file whose device, number, size, times and mode are as they were is taken to hold what it held. Whoever can set the
system's clock, or writes to the disk beside the system, can change one unseen. What was touched just before it was
read is never remembered: within one tick of the system's clock it could be touched again and look the same.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.rollout.reading import Content, identity, read

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = 1
SETTLED_S = 2.0
"""How long before it was read a file must have been left alone; the coarsest times are those of FAT."""

_Known = list[Any]
"""What :func:`identity` tells of a file, whether its line endings count as LF, and then its mode and sha256."""


class StatCache:
    """What is known of the files of one tree.

    Attributes:
        taken: How many files were not read, because nothing has touched them since.
    """

    def __init__(self, file: Path, tree: Path, *, settled_s: float = SETTLED_S) -> None:
        """Read what the last look at *tree* left in *file*; a file that is missing or damaged says nothing.

        Args:
            file: Where it is kept; its folder must be there.
            tree: Whose files it is about.
            settled_s: Seconds for which a file must have been left alone before it was read, to be remembered.

        Raises:
            OSError: Nothing can be written beside *file*.
        """
        self._file = file
        self._tree = str(tree.resolve())
        self._settled_before_ns = _now_ns(file.parent) - int(settled_s * 1e9)
        self._before = _stored(file, self._tree)
        self._now: dict[str, _Known] = {}
        self.taken = 0

    def read(self, path: str, *, any_endings: bool, is_file: bool) -> Content:
        """Do as :func:`verify.rollout.reading.read` for a path of the tree, and open nothing that is as it was."""
        place = f"{self._tree}/{path}"
        status = os.lstat(place)
        now, known = [*identity(status), any_endings], self._before.get(path)
        if known is not None and known[:-2] == now:
            self._now[path] = known
            self.taken += 1
            return Content(kind="file", mode=known[-2], sha256=known[-1])
        content = read(place, any_endings=any_endings, is_file=is_file)
        is_settled = max(status.st_mtime_ns, status.st_ctime_ns) < self._settled_before_ns
        # Where it was changed between the two looks, the first one is of no use: the next run finds another one.
        if stat.S_ISREG(status.st_mode) and is_settled and not content.pointer:
            self._now[path] = [*now, content.mode, content.sha256]
        return content

    def save(self) -> None:
        """Keep what was seen for the next look. The file is whole or the one before.

        Raises:
            OSError: It cannot be kept; what was seen is seen all the same.
        """
        if self._now == self._before:
            return
        # A byte of a name that is no UTF-8 is a surrogate, which JSON escapes like any odd character.
        text = json.dumps({"schema": SCHEMA, "tree": self._tree, "files": self._now}, separators=(",", ":"))
        descriptor, name = tempfile.mkstemp(dir=self._file.parent)
        os.close(descriptor)
        fresh = Path(name)
        try:
            fresh.write_text(text, encoding="ascii")
            fresh.replace(self._file)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


def _now_ns(folder: Path) -> int:
    """Return the time by which the file system stamps its files."""
    with tempfile.TemporaryFile(dir=folder) as fresh:
        return os.fstat(fresh.fileno()).st_ctime_ns


def _stored(file: Path, tree: str) -> dict[str, _Known]:
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        stored: Mapping[str, Any] = json.loads(file.read_bytes())
        files = dict(stored["files"])
        if (stored["schema"], stored["tree"]) == (SCHEMA, tree) and all(type(row) is list for row in files.values()):
            return files
    return {}
