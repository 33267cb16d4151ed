"""What a probe is: a name, and a figure that is read from the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.nemesis.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One figure.

    Attributes:
        name: As in limits, experiments and reports.
        what: What it is, with its unit.
        measure: Reads it at a site; None where there is nothing to read there, or nobody answers.
    """

    name: str
    what: str
    measure: Callable[[Site], float | None]


def workers_url(site: Site) -> str:
    """Return the URL at which the workers of *site* find Redis: a probe goes their way."""
    return site.url_through_proxy if site.proxy is not None else site.the_server.url
