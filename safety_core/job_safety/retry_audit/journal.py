"""The write-ahead journal of one writer: one line for each record, on the disk before it is acknowledged.

A write that fails ends the writer: what the kernel kept of it nobody knows. The next record begins another one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING, final
from uuid import uuid4

from .errors import AuditReadError
from .record import GENESIS, AuditRecord, record_of_line

if TYPE_CHECKING:
    from pathlib import Path

    from .disk import Disk

FOLDER = "journal"
SUFFIX = ".jsonl"


@final
class Journal:
    """One writer's lines of one day. Not safe for threads: its owner takes turns.

    Attributes:
        writer: Name of the writer.
        sequence: Number of the last record.
        lines: Records in the file that is open now.
    """

    __slots__ = ("_day", "_descriptor", "_disk", "_folder", "_hash", "_pid", "lines", "sequence", "writer")

    def __init__(self, folder: Path, disk: Disk) -> None:
        """Make a writer; its first file comes with its first record."""
        self._folder = folder / FOLDER
        self._disk = disk
        self._descriptor = -1
        self._day = ""
        self._pid = 0
        self.writer = self._hash = ""
        self.sequence = self.lines = 0
        self._begin_writer()

    def append(self, record: AuditRecord) -> AuditRecord:
        """Write a record durably; return it as it stands in the chain.

        Raises:
            OSError: It may be on the disk or not; this writer is over.
        """
        if self._pid != os.getpid():
            # A forked child shares the descriptor with its parent, and its lock.
            self.close()
            self._begin_writer()
        day = record.timestamp.date().isoformat()
        try:
            if day != self._day or self._descriptor < 0:
                self._open(day)
            placed, line = record.chained(self.writer, self.sequence + 1, self._hash)
            self._disk.write(self._descriptor, line)
            self._disk.sync(self._descriptor)
        except BaseException:
            self.close()
            self._begin_writer()
            raise
        self.sequence, self._hash = placed.sequence, placed.hash
        self.lines += 1
        return placed

    def close(self) -> None:
        """Close the open file; the writer goes on in a new one."""
        descriptor, self._descriptor = self._descriptor, -1
        self.lines = 0
        if descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _begin_writer(self) -> None:
        self._pid = os.getpid()
        self.writer = uuid4().hex
        self.sequence, self._hash, self.lines = 0, GENESIS, 0

    def _open(self, day: str) -> None:
        self.close()
        self._disk.make_folder(self._folder)
        path = self._folder / f"{day}.{self.writer}.{self.sequence + 1:012d}{SUFFIX}"
        while not _is_there(path, self._descriptor):
            self.close()
            self._descriptor = self._disk.create(path)
            # Whoever wants to compact the file can tell that its writer is alive. Between the two lines somebody may
            # have taken the empty file away.
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self._disk.sync_folder(self._folder)
        self._day = day


def _is_there(path: Path, descriptor: int) -> bool:
    """Return whether the open file still has its name."""
    if descriptor < 0:
        return False
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def read_journal(path: Path) -> tuple[list[AuditRecord], bytes]:
    """Return the records of a journal, and the bytes of a last line that its writer did not finish.

    Raises:
        AuditReadError: A finished line holds no record.
        FileNotFoundError: The journal was compacted meanwhile.
    """
    whole, newline, torn = path.read_bytes().rpartition(b"\n")
    if not newline:
        return [], torn
    try:
        return [record_of_line(line) for line in whole.split(b"\n")], torn
    except AuditReadError as error:
        raise AuditReadError(f"{path.name}: {error}") from error


def journals(folder: Path) -> list[Path]:
    """Return the journals of an audit folder, in order."""
    return sorted((folder / FOLDER).glob(f"*{SUFFIX}"))
