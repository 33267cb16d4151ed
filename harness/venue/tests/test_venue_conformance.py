"""Both forms of the venue keep the same contract and write the same book."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from harness import clock
from harness.venue.conformance import VenueForm, check_venue
from harness.venue.process import VenueProcess
from harness.venue.venue import EffectRequest, Receipt, Venue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.venue.mischief import Mischief


@contextmanager
def in_process(*, open_orders: bool = False, request_life_s: float | None = None) -> Iterator[VenueForm]:
    """Make the synchronous form."""
    yield Venue(open_orders=open_orders, request_life_s=request_life_s, now_ns=clock.shared_ns, pause_s=clock.pause_s)


@contextmanager
def own_process(*, open_orders: bool = False, request_life_s: float | None = None) -> Iterator[VenueForm]:
    """Make the form that is a process of its own."""
    with VenueProcess(open_orders=open_orders, request_life_s=request_life_s) as venue:
        yield venue.control


def test_both_forms_conform_and_write_equal_books() -> None:
    """Each form keeps every claim, and their books hold the same lines."""
    books = [check_venue(in_process), check_venue(own_process)]
    assert books[0] == books[1]
    assert len(books[0]) > 10


def test_a_venue_that_deduplicates_does_not_conform() -> None:
    """The conformance function bites: a venue that hides the second effect of a key is caught."""

    class Deduplicating(Venue):
        """Answers a known key with its first receipt."""

        def perform(self, request: EffectRequest, mischief: Mischief | None = None) -> Receipt:
            """Do it once."""
            if self.ask(key=request.key):
                return {"receipt_id": f"{request.key}/1"}
            return super().perform(request, mischief)

    @contextmanager
    def make(*, open_orders: bool = False, request_life_s: float | None = None) -> Iterator[VenueForm]:
        yield Deduplicating(open_orders=open_orders, request_life_s=request_life_s, now_ns=clock.shared_ns)

    with pytest.raises(AssertionError, match="numbered per key"):
        check_venue(make)
