"""What a subject says of the explorer's fault kinds holds of the real mechanisms too: which one is which."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KIND_OF = {
    "eviction": "evict",
    "flushall": "evict",
    "key_deleted": "evict",
    "aof_tail_cut": "restart_losing",
    "aof_corrupt": "restart_losing",
    "restart_empty": "restart_losing",
    "replica_promotion": "failover_losing",
}
"""The explorer's kind of a real fault that takes something away. What somebody deletes is gone as if evicted."""


def outside_of(outside: Mapping[str, str], faults: Iterable[str]) -> dict[str, str]:
    """Return what a promise leaves out, with those of the real *faults* whose kind it leaves out."""
    reasons = dict(outside)
    for fault in faults:
        kind = _KIND_OF.get(fault, fault)
        reason = next((why for name, why in outside.items() if name.partition(":")[0] == kind), None)
        if reason is not None:
            reasons.setdefault(fault, reason)
    return reasons
