"""The venue's book: one line per effect that landed, on the disk before anybody hears of it.

Lines are only appended, never changed or removed. The book judges nothing and deduplicates nothing: an effect that
landed twice stands there twice.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from harness.venue.errors import BookError
from verify.history.events import Landed, MalformedEventError, from_object, to_object

if TYPE_CHECKING:
    from pathlib import Path

_DIGEST_LENGTH = 16
_as_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(value: Any) -> str:
    """Return *value* as JSON text of which there is one spelling: sorted keys, no spaces, no NaN.

    Raises:
        TypeError: *value* is not made of JSON's types.
        ValueError: It holds NaN or an infinity.
    """
    return _as_canonical(value)


def payload_digest(payload: Any) -> str:
    """Return what the book keeps of a payload: the first 16 hex digits of the sha256 of its canonical JSON."""
    return hashlib.sha256(canonical(payload).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]


class Book:
    """A book that is being written: in a file, each line fsynced, or in memory only.

    Attributes:
        entries: What landed, in the order of landing.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open a new book.

        Args:
            path: The file to create; None keeps the book in memory, without any file.

        Raises:
            BookError: The file exists: a book is never reopened for writing.
        """
        self.entries: list[Landed] = []
        self._of_key: dict[str, list[Landed]] = {}
        self._payloads: dict[str, Any] = {}
        self._file = -1
        if path is not None:
            try:
                self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
            except FileExistsError as error:
                raise BookError(
                    f"Tried to open a new book at {path}: a file is there already, and a book is never reopened for "
                    "writing. Give each run a folder of its own."
                ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def next_number(self, key: str) -> int:
        """Return the number that the next effect of *key* will have, from 1."""
        return len(self._of_key.get(key, ())) + 1

    def append(self, landed: Landed, payload: Any = None) -> None:
        """Write one line; when this returns, a crash of this process or of the machine cannot lose it.

        Args:
            landed: The line.
            payload: What landed, for those who look up the key later.

        Raises:
            BookError: The line does not carry its key's next number.
        """
        self._refuse_gap(landed)
        if self._file >= 0:
            self._write(landed)
            os.fsync(self._file)
        self._of_key.setdefault(landed.key, []).append(landed)
        self._payloads.setdefault(landed.key, payload)
        self.entries.append(landed)

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self.entries)

    def lines_of(self, key: str) -> list[Landed]:
        """Return the lines of *key*, oldest first."""
        return list(self._of_key.get(key, ()))

    def lines_from(self, position: int) -> list[Landed]:
        """Return the lines behind the first *position* ones."""
        return self.entries[position:]

    def payload_of(self, key: str) -> Any:
        """Return the payload of the first effect of *key*; None where nothing landed."""
        return self._payloads.get(key)

    def _refuse_gap(self, landed: Landed) -> None:
        expected = self.next_number(landed.key)
        if landed.n != expected:
            raise BookError(f"Tried to write effect {landed.n} of {landed.key!r}: expected number {expected}.")

    def _write(self, landed: Landed) -> None:
        """Hand one line to the operating system."""
        line = (canonical(to_object(landed)) + "\n").encode("utf-8", "surrogatepass")
        while line:
            line = line[os.write(self._file, line) :]

    def close(self) -> None:
        """Close the file. May be called twice; the entries stay readable."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


@dataclass(frozen=True, slots=True)
class StoredBook:
    """A book read back from its file.

    Attributes:
        entries: The complete lines.
        torn: The bytes of a last line without its end: that effect was never acknowledged. None if there is none.
    """

    entries: tuple[Landed, ...]
    torn: bytes | None


def read_book(path: Path) -> StoredBook:
    """Read the book at *path*, also while it is being written or after its writer was killed.

    Raises:
        BookError: A complete line is no book line.
        OSError: The file cannot be read.
    """
    *lines, rest = path.read_bytes().split(b"\n")
    entries = tuple(_parse(line, number, path) for number, line in enumerate(lines, start=1))
    return StoredBook(entries, rest or None)


def _parse(line: bytes, number: int, path: Path) -> Landed:
    try:
        event = from_object(json.loads(line.decode("utf-8", "surrogatepass")))
    except (ValueError, AttributeError, MalformedEventError) as error:
        raise BookError(f"Read line {number} of {path}: expected a landed effect, saw {line[:120]!r}.") from error
    if not isinstance(event, Landed):
        raise BookError(f"Read line {number} of {path}: expected a landed effect, saw a {event.event} event.")
    return event
