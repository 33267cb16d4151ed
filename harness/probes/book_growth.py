"""book_growth: how many effects have landed at the venue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.probes.probe import Probe

if TYPE_CHECKING:
    from harness.nemesis.site import Site


def measure(site: Site) -> float | None:
    """Return the lines of the venue's book; None where there is no venue."""
    return float(len(site.venue.control.take())) if site.venue is not None else None


PROBE = Probe(
    name="book_growth",
    what="Effects that have landed since the venue was opened, which is when the story began.",
    measure=measure,
)
