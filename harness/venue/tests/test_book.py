"""The book keeps what landed, and reads back what a crash left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.venue.book import Book, payload_digest, read_book
from harness.venue.errors import BookError
from harness.venue.venue import EffectRequest, Venue
from verify.history.events import Landed

if TYPE_CHECKING:
    from pathlib import Path


def _write_three(path: Path) -> list[Landed]:
    with Book(path) as book:
        venue = Venue(book)
        for key in ("a", "b\n\u2028", "a"):
            venue.perform(EffectRequest(key=key, payload={"quantity": 1}))
        return book.entries


def test_book_reads_back_what_was_written(run_folder: Path) -> None:
    """Each line comes back as the event that landed, whatever characters its key holds."""
    written = _write_three(run_folder / "book.jsonl")
    stored = read_book(run_folder / "book.jsonl")
    assert list(stored.entries) == written
    assert stored.torn is None
    assert [line.n for line in stored.entries] == [1, 1, 2]


def test_torn_last_line_is_reported_and_the_rest_is_read(run_folder: Path) -> None:
    """A book cut anywhere inside its last line gives the lines before it and the torn rest."""
    path = run_folder / "book.jsonl"
    written = _write_three(path)
    whole = path.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    for cut in range(start + 1, len(whole)):
        path.write_bytes(whole[:cut])
        stored = read_book(path)
        assert list(stored.entries) == written[:2]
        assert stored.torn == whole[start:cut]


def test_damaged_line_in_the_middle_is_an_error(run_folder: Path) -> None:
    """Damage before the last line cannot come from a crash, and is never skipped."""
    path = run_folder / "book.jsonl"
    _write_three(path)
    first, *rest = path.read_bytes().splitlines(keepends=True)
    for damaged in (b"{}\n", first[:20] + b"\n", b'{"event":"died","process":"p1"}\n', b"[]\n"):
        path.write_bytes(b"".join([damaged, *rest]))
        with pytest.raises(BookError, match="line 1"):
            read_book(path)


def test_book_is_never_reopened_for_writing(run_folder: Path) -> None:
    """A second venue cannot write to the first one's book."""
    _write_three(run_folder / "book.jsonl")
    with pytest.raises(BookError, match="never reopened"):
        Book(run_folder / "book.jsonl")


def test_book_refuses_a_number_out_of_turn() -> None:
    """The numbers of a key have no gaps and no repeats."""
    book = Book()
    landed = Landed(key="a", n=2, payload="", effect_type="order", process="p1")
    with pytest.raises(BookError, match="expected number 1"):
        book.append(landed)
    assert book.entries == []


def test_payload_digest_is_of_canonical_json() -> None:
    """The digest is the first 16 hex digits of the sha256 of the text without spaces and with sorted keys."""
    assert payload_digest({}) == "44136fa355b3678a"
    assert payload_digest({"a": 1, "b": "x"}) == payload_digest({"b": "x", "a": 1})
    assert payload_digest({"a": 1}) != payload_digest({"a": 1.5})
    with pytest.raises(ValueError, match="not JSON compliant"):
        payload_digest(float("nan"))
