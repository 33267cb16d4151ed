"""The world outside fails."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.nemesis import venue_failing
from harness.nemesis.site import Site
from harness.nemesis.tests.case import Case
from harness.venue.errors import EffectRejected, EffectTimeout, VenueError
from harness.venue.process import VenueProcess

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_venue() -> Iterator[Site]:
    """Give a venue alone."""
    with VenueProcess() as venue:
        yield Site(venue=venue)


def answered(site: Site, key: str) -> str:
    """Return the name of what came for a receipt, empty where a receipt came."""
    try:
        site.the_venue.client().effect(key, {})
    except (EffectTimeout, EffectRejected, VenueError) as error:
        return type(error).__name__
    return ""


def fails(site: Site) -> None:
    """Assert what befalls five requests in a row, and that three of them were done."""
    seen = [answered(site, "failed") for _ in range(5)]
    assert seen == ["EffectTimeout", "VenueError", "VenueError", "EffectTimeout", "EffectRejected"]
    assert [line.n for line in site.the_venue.control.ask(key="failed")] == [1, 2, 3]


def answers(site: Site) -> None:
    """Assert that a receipt comes."""
    assert not answered(site, "well")


CASES = (Case(fault=venue_failing.FAULT, site=one_venue, during=fails, after=answers),)
