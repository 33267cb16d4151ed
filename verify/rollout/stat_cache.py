"""Remembers what files held when they were last read, by what the system says of them: a first look, not a release.

A file whose device, number, size, times and mode are as they were is taken to hold what it held. Whoever can set the
system's clock, or writes to the disk beside the system, can change one unseen. What was touched just before it was
read is never remembered: within one tick of the system's clock it could be touched again and look the same.

A folder in which all was as the baseline has it is remembered as a whole, with the baseline: so a look at a tree that
nobody touched costs hardly more than asking the system about each of its files.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import os
import stat
import tempfile
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.rollout.reading import Content, identity, read

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = 2
SETTLED_S = 2.0
"""How long before it was read a file must have been left alone; the coarsest times are those of FAT."""

_NAME = attrgetter("name")
_TIMES = slice(3, 5)
"""Where :func:`identity` has the times of a file."""

_Known = list[Any]
"""What :func:`identity` tells of a file, whether its line endings count as LF, and then its mode and sha256."""


class StatCache:
    """What is known of the files of one tree.

    Attributes:
        taken: How many files were not read, because nothing has touched them since.
        settled_before_ns: Files that were touched later are not remembered.
        kept: What folders are, by part of the tree.
        left_out: Folders in which no file was looked at.
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
        self.settled_before_ns = _now_ns(file.parent) - int(settled_s * 1e9)
        header, self._rows = _stored(file, self._tree)
        self._folders_before: dict[str, dict[str, str]] = header
        self.kept: dict[str, dict[str, str]] = {}
        self.left_out: set[str] = set()
        self._parsed: dict[str, _Known] | None = None
        self._now: dict[str, _Known] = {}
        self.taken = 0

    @property
    def _before(self) -> dict[str, _Known]:
        """What is known of single files; most often nobody asks."""
        if self._parsed is None:
            self._parsed = _files(self._rows)
        return self._parsed

    def folders(self, digest: str, patterns: tuple[str, ...], missing: set[str]) -> Folders:
        """Return what is known of whole folders.

        Args:
            digest: Of the baseline with which all is compared.
            patterns: What of it is.
            missing: Every path that should be there; those of folders that are as they were are taken out.
        """
        name = hashlib.sha256(repr((digest, patterns)).encode("utf-8", "surrogateescape")).hexdigest()
        return Folders(self, name, self._folders_before.get(name, {}), missing)

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
        is_settled = max(status.st_mtime_ns, status.st_ctime_ns) < self.settled_before_ns
        # Where it was changed between the two looks, the first one is of no use: the next run finds another one.
        if stat.S_ISREG(status.st_mode) and is_settled and not content.pointer:
            self._now[path] = [*now, content.mode, content.sha256]
        return content

    def save(self) -> None:
        """Keep what was seen for the next look. The file is whole or the one before.

        Raises:
            OSError: It cannot be kept; what was seen is seen all the same.
        """
        if self.kept == self._folders_before and all(
            self._before.get(path) == row for path, row in self._now.items()
        ):
            return
        before = self._before.items() if self.left_out else ()
        rows = {path: row for path, row in before if path.rpartition("/")[0] in self.left_out} | self._now
        # A byte of a name that is no UTF-8 is a surrogate, which JSON escapes like any odd character.
        parts = {"schema": SCHEMA, "tree": self._tree, "folders": self.kept}, rows
        text = "\n".join(json.dumps(part, separators=(",", ":")) for part in parts)
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


def _stored(file: Path, tree: str) -> tuple[dict[str, dict[str, str]], bytes]:
    """Return what is known of folders, and what stands there of files; nothing where the file is of no use."""
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        header, _, rows = file.read_bytes().partition(b"\n")
        stored: Mapping[str, Any] = json.loads(header)
        folders = {name: dict(held) for name, held in dict(stored["folders"]).items()}
        if (stored["schema"], stored["tree"]) == (SCHEMA, tree) and rows:
            return folders, rows
    return {}, b""


def _files(rows: bytes) -> dict[str, _Known]:
    with suppress(ValueError, TypeError):
        files = dict(json.loads(rows))
        if all(type(row) is list for row in files.values()):
            return files
    return {}


class Folders:
    """Which folders are as they were when all in them was as one baseline has it."""

    def __init__(self, cache: StatCache, name: str, before: Mapping[str, str], missing: set[str]) -> None:
        """Begin a look at one part of the tree, called *name*; see :meth:`StatCache.folders`."""
        self._cache, self._name, self._before, self._missing = cache, name, before, missing
        self._now: dict[str, str] = {}

    def leave_out(self, folder: str, files: list[os.DirEntry[str]]) -> bool:
        """Say whether nothing in a folder needs a look, as far as the system tells; count those that are there.

        Raises:
            OSError: The system cannot be asked.
        """
        files.sort(key=_NAME)
        rows = [(entry.name, identity(entry.stat(follow_symlinks=False))) for entry in files]
        # The first form of marshal gives the same bytes for the same values, and is never read again.
        state = hashlib.sha256(marshal.dumps(rows, 0)).hexdigest()
        if is_as_it_was := self._before.get(folder) == state:
            within, before = f"{folder}/" if folder else "", len(self._missing)
            self._missing.difference_update([f"{within}{name}" for name, _ in rows])
            self._cache.taken += before - len(self._missing)
            self._cache.left_out.add(folder)
        if is_as_it_was or all(max(said[_TIMES]) < self._cache.settled_before_ns for _, said in rows):
            self._now[folder] = state
        return is_as_it_was

    def doubt(self, path: str) -> None:
        """Take note that something was found at *path*, so that its folder is looked at again."""
        self._now.pop(path, None)
        self._now.pop(path.rpartition("/")[0], None)

    def keep(self) -> None:
        """Remember the folders, when all of the part was looked at."""
        self._cache.kept[self._name] = self._now
