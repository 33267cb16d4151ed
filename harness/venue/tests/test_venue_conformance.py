"""Both forms of the venue keep the same contract and write the same book."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from harness import clock
from harness.venue import mischief as bad
from harness.venue.conformance import VenueForm, check_venue
from harness.venue.process import VenueProcess
from harness.venue.venue import EffectRequest, Receipt, Venue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.venue.mischief import Mischief
    from verify.history.events import Landed


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


class Deduplicating(Venue):
    """Broken: answers a known key with its first receipt."""

    def act(self, request: EffectRequest, mischief: Mischief | None) -> Receipt:
        """Do it once per key."""
        if mischief is None and self.ask(key=request.key):
            return {"receipt_id": f"{request.key}/1"}
        return super().act(request, mischief)


class LosingTheEffectWithTheReply(Venue):
    """Broken: a lost reply undoes the effect."""

    def act(self, request: EffectRequest, mischief: Mischief | None) -> Receipt:
        """Do nothing when the reply is lost."""
        return super().act(request, bad.lose_request() if mischief == bad.lose_reply() else mischief)


class NeverLate(Venue):
    """Broken: a late request is done at once."""

    def act(self, request: EffectRequest, mischief: Mischief | None) -> Receipt:
        """Do it now."""
        return super().act(request, bad.lose_reply() if mischief == bad.late() else mischief)


class Deathless(Venue):
    """Broken: a late request lands however old it is."""

    def release_late(self, ticket: int | None = None) -> Landed | None:
        """Ignore the request's life."""
        told, self.request_life_s = self.request_life_s, None
        landed = super().release_late(ticket)
        self.request_life_s = told
        return landed


@pytest.mark.parametrize(
    ("broken", "claim"),
    [
        (Deduplicating, "numbered per key"),
        (LosingTheEffectWithTheReply, "lands one"),
        (NeverLate, "nothing landed yet"),
        (Deathless, "too late to land"),
    ],
    ids=["deduplicating", "losing", "never-late", "deathless"],
)
def test_broken_venue_does_not_conform(broken: type[Venue], claim: str) -> None:
    """The conformance function bites: each broken venue fails the claim that it breaks."""

    @contextmanager
    def make(*, open_orders: bool = False, request_life_s: float | None = None) -> Iterator[VenueForm]:
        yield broken(
            open_orders=open_orders, request_life_s=request_life_s, now_ns=clock.shared_ns, pause_s=clock.pause_s
        )

    with pytest.raises(AssertionError, match=claim):
        check_venue(make)
