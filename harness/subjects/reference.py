"""The subject ``reference``: the safety core that ships with stormproof."""

from __future__ import annotations

from harness.subjects.contract import declare
from harness.subjects.reference_guard import EFFECT_TYPES, ReferenceGuard, classify, prepare

OUTSIDE = {"evict": "AS3: nothing is evicted, and nobody deletes records"}
"""What the core does not promise. That a store which restarts or fails over may have lost writes, it notices."""


@declare(
    promise="exactly_once_or_in_doubt",
    classify=classify,
    prepare=prepare,
    losses_alike=True,
    outside=OUTSIDE,
    effect_types=EFFECT_TYPES,
)
def make(redis_url: str, lease_s: float) -> ReferenceGuard:
    """Return a guard with the core's defaults."""
    return ReferenceGuard(redis_url, lease_s)
