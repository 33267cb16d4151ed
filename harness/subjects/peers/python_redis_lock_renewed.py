"""The lock of python-redis-lock, renewed by its own thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.subjects.contract import declare
from harness.subjects.peers.peer import Limit, Peer
from harness.subjects.peers.python_redis_lock import MODULES, PACKAGE, REMAINS, SAYS, WHERE, classify, guard_with

if TYPE_CHECKING:
    from harness.subjects.contract import Guard

PEER = Peer(
    package=PACKAGE,
    modules=MODULES,
    what="the Lock of python-redis-lock with expire and auto_renewal=True, acquired with blocking=False",
    promise="mutual_exclusion",
    says=(
        f"{SAYS} [...] keep renewing it automatically to ensure the lock is held for as long as the Python process "
        "is running."
    ),
    where=f"{WHERE}, first sentences and Troubleshooting",
    limits=(
        Limit(
            says="held for as long as the Python process is running",
            where=f"{WHERE}, Troubleshooting: one that is stopped does not run",
            leaves_out=("pause",),
        ),
        REMAINS,
    ),
    needs_proxy="it renews the lock in a thread of its own, which the greenlet gate does not see",
)


@declare(promise=PEER.promise, classify=classify, outside=PEER.outside)
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard."""
    return guard_with(redis_url, lease_s, auto_renewal=True)
