"""The Redlock of pottery with three masters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import WrongInputError
from harness.subjects.contract import declare
from harness.subjects.peers.peer import Limit, Peer
from harness.subjects.peers.pottery import EXPIRES, IN_THREADS, MODULES, PACKAGE, README, SAYS, classify, guard_over

if TYPE_CHECKING:
    from harness.subjects.contract import Guard

_MASTERS = 3

PEER = Peer(
    package=PACKAGE,
    modules=MODULES,
    what=(
        "the Redlock of pottery with three masters and auto_release_time, acquired with blocking=False; each process "
        "is let through to the first, the second, then the third server, and faults that lose a server lose the first"
    ),
    promise="mutual_exclusion",
    says=SAYS,
    where=README,
    limits=(
        EXPIRES,
        Limit(says="In production, you should have 5 Redis masters.", where=README),
    ),
    needs_proxy=IN_THREADS,
)


@declare(promise=PEER.promise, classify=classify, outside=PEER.outside, reusable=True, masters=_MASTERS)
def make(redis_url: str, lease_s: float) -> Guard:
    """Return a guard that runs the effect while it holds the lock at most of the masters.

    Raises:
        WrongInputError: Fewer servers are given, as where stories and storms run.
    """
    urls = redis_url.split(",")
    if len(urls) != _MASTERS:
        raise WrongInputError(
            f"peer.pottery_three asks {_MASTERS} masters; only explore, compare and replay start them"
        )
    return guard_over(urls, lease_s)
