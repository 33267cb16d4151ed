"""What the planted audits stand on: a file of lines, each with its number and the digest of the line before it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NOTHING = "0" * 64


class BrokenChainError(Exception):
    """A line does not follow the one before it, or is none."""


class LineAudit:
    """An audit of one file for each writer. The class is right; what is planted overrides one of its methods."""

    def __init__(self, folder: str) -> None:
        """Make an audit in *folder*, which is there; the file comes with the first record."""
        self.folder = Path(folder)
        self.path = self.folder / f"{len(list(self.folder.glob('*.jsonl'))):04d}.jsonl"
        self.descriptor = -1
        self.number = 0
        self.last = _NOTHING

    def act(self, key: str, do: Callable[[], None]) -> None:
        """Write before and after."""
        self.write(key, "intent")
        do()
        self.write(key, "outcome")

    def write(self, key: str, side: str) -> None:
        """Append a record, and see it on the disk."""
        if self.descriptor < 0:
            self.open()
        line = json.dumps({"number": self.number + 1, "before": self.last, "key": key, "side": side}).encode()
        self.append(line + b"\n")
        self.follow(line)

    def follow(self, line: bytes) -> None:
        """Let the next record follow a line."""
        self.number, self.last = self.number + 1, _digest(line)

    def open(self) -> None:
        """Create the file, and see its name on the disk."""
        self.descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def append(self, line: bytes) -> None:
        """Write a line and sync it."""
        os.write(self.descriptor, line)
        os.fsync(self.descriptor)

    def read(self) -> list[tuple[str, str]]:
        """Return key and side of every record; a last line without its end was never acknowledged.

        Raises:
            BrokenChainError: Something is missing or was changed.
        """
        found = []
        for path in sorted(self.folder.glob("*.jsonl")):
            number, before = 0, _NOTHING
            for line in path.read_bytes().split(b"\n")[:-1]:
                record = read_line(path, line)
                if (record["number"], record["before"]) != (number + 1, before):
                    raise BrokenChainError(f"{path.name}: a line does not follow line {number}")
                number, before = number + 1, _digest(line)
                found.append((str(record["key"]), str(record["side"])))
        return found

    def close(self) -> None:
        """Close the file."""
        if self.descriptor >= 0:
            os.close(self.descriptor)


def read_line(path: Path, line: bytes) -> dict[str, object]:
    """Return the record of a line.

    Raises:
        BrokenChainError: It holds none.
    """
    try:
        record: dict[str, object] = json.loads(line)
    except ValueError as error:
        raise BrokenChainError(f"{path.name}: a line holds no record: {line[:40]!r}") from error
    return record


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def make_twin(folder: str) -> LineAudit:
    """Return the audit without any bug."""
    return LineAudit(folder)
