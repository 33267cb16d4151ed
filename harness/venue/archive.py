"""A book of any length: its lines are kept in files alone, so that the venue's memory stays as it is.

For storms. A line is with the operating system before anybody hears of it, and nobody waits for the disk: the venue
may be killed, the machine may not.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any, cast

from harness.venue.book import Book, canonical
from verify.history.events import Landed, from_object, to_object

if TYPE_CHECKING:
    from pathlib import Path

_CACHE_KB = 8192

_TABLE = "CREATE TABLE lines (key TEXT, n INTEGER, line TEXT, payload TEXT, PRIMARY KEY (key, n)) WITHOUT ROWID"


class ArchivedBook(Book):
    """A book that holds no line in memory; :attr:`entries` stays empty."""

    def __init__(self, path: Path) -> None:
        """Open a new book at *path*.

        Raises:
            BookError: The file exists: a book is never reopened for writing.
        """
        super().__init__(path)
        # A database without a name is a file that nobody sees, and gone with the process.
        self._index = sqlite3.connect("", isolation_level=None)
        for word in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KB}"):
            self._index.execute(f"PRAGMA {word}")
        self._index.execute(_TABLE)
        self._index.execute("BEGIN")
        self._count = 0

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self._count

    def next_number(self, key: str) -> int:
        """Return the number that the next effect of *key* will have, from 1."""
        (last,) = self._index.execute("SELECT max(n) FROM lines WHERE key = ?", (key,)).fetchone()
        return int(last or 0) + 1

    def append(self, landed: Landed, payload: Any = None) -> None:
        """Write one line; when this returns, a crash of this process cannot lose it.

        Raises:
            BookError: The line does not carry its key's next number.
        """
        self._refuse_gap(landed)
        self._write(landed)
        row = (landed.key, landed.n, json.dumps(to_object(landed)), canonical(payload))
        self._index.execute("INSERT INTO lines VALUES (?, ?, ?, ?)", row)
        self._count += 1

    def lines_of(self, key: str) -> list[Landed]:
        """Return the lines of *key*, oldest first."""
        found = self._index.execute("SELECT line FROM lines WHERE key = ? ORDER BY n", (key,))
        return [cast("Landed", from_object(json.loads(line))) for (line,) in found]

    def lines_from(self, position: int) -> list[Landed]:
        """Refuse.

        Raises:
            ValueError: Always: nobody may take a book of any length into memory.
        """
        raise ValueError(f"an archived book gives no lines from position {position}; ask by key, or read its file")

    def payload_of(self, key: str) -> Any:
        """Return the payload of the first effect of *key*; None where nothing landed."""
        found = self._index.execute("SELECT payload FROM lines WHERE key = ? AND n = 1", (key,)).fetchone()
        return json.loads(found[0]) if found else None

    def close(self) -> None:
        """Close the file. May be called twice."""
        super().close()
        self._index.close()
