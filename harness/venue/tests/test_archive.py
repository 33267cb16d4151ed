"""A book that keeps its lines in files alone says what any other book says, and holds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.redis_server.port import free_port
from harness.venue.archive import ArchivedBook
from harness.venue.book import Book
from harness.venue.client import VenueClient
from harness.venue.errors import BookError
from harness.venue.process import VenueProcess
from harness.venue.venue import EffectRequest, Venue
from verify.history.events import Landed

if TYPE_CHECKING:
    from pathlib import Path


def _told(book: Book) -> list[object]:
    """Let effects land and return all that a venue with *book* says of them."""
    venue = Venue(book)
    told: list[object] = [
        venue.perform(EffectRequest(key=key, payload={"quantity": at}, order_id=f"o{at}", fence=at))
        for at, key in enumerate(("a", "b\n\u2028", "a", "c"))
    ]
    told += [venue.look_up(key) for key in ("a", "b\n\u2028", "none")]
    return [*told, *venue.ask(key="a"), *venue.ask(key="a", order_id="o2"), book.count]


def test_archive_says_what_a_book_says(run_folder: Path) -> None:
    """Receipts, numbers, look-ups and the file are the same."""
    with Book(run_folder / "book.jsonl") as book, ArchivedBook(run_folder / "archive.jsonl") as archive:
        assert _told(archive) == _told(book)
        assert (run_folder / "archive.jsonl").read_bytes() == (run_folder / "book.jsonl").read_bytes()
        assert (len(book.entries), len(archive.entries)) == (4, 0)


def test_archive_refuses_a_gap_and_whoever_wants_all_of_it(run_folder: Path) -> None:
    """A line must carry its key's next number, and nobody takes a long book into memory by asking for its lines."""
    with ArchivedBook(run_folder / "book.jsonl") as archive:
        with pytest.raises(BookError, match="expected number 1"):
            archive.append(Landed(key="a", n=2, payload="p", effect_type="order", process="w1"))
        with pytest.raises(ValueError, match="ask by key"):
            archive.lines_from(0)


def test_venue_with_an_archive_listens_on_a_port_too() -> None:
    """Another machine reaches the same book."""
    port = free_port()
    with VenueProcess(archives=True, listen=f"127.0.0.1:{port}") as venue:
        receipt = VenueClient(f"tcp:127.0.0.1:{port}").effect("a", {"quantity": 1}, "ledger", "w1001.1")
        assert venue.client().look_up("a")["receipt"] == receipt
        (line,) = venue.read_book().entries
    assert (line.process, line.effect_type, receipt["receipt_id"]) == ("w1001.1", "ledger", "a/1")
