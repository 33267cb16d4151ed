"""The idempotency of Powertools for AWS Lambda on Redis, with the payload validated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.subjects.contract import declare
from harness.subjects.peers.peer import Peer
from harness.subjects.peers.powertools import LIMITS, MODULES, PACKAGE, PROMISE, SAYS, WHERE, classify, guard_with

if TYPE_CHECKING:
    from harness.subjects.contract import Guard

PEER = Peer(
    package=PACKAGE,
    modules=MODULES,
    what="Powertools for AWS Lambda: as `peer.powertools`, with payload_validation_jmespath on the payload",
    promise=PROMISE,
    says=SAYS,
    where=WHERE,
    limits=LIMITS,
)


@declare(promise=PEER.promise, classify=classify, outside=PEER.outside, reusable=True)
def make(redis_url: str, lease_s: float) -> Guard:
    """Return the guard."""
    return guard_with(redis_url, lease_s, payload_validation_jmespath="payload")
