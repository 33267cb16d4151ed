"""What one exploration explores, as a value: subject, workload, bound."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.faults.kind import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.explorer.steps import Step
    from harness.faults.kind import FaultKind
    from harness.subjects.contract import Subject

LEASE_S = 300.0
"""The lease given to every subject, in seconds of virtual time. Real time goes on within a schedule, milliseconds on
an idle machine and seconds on a busy one; everything that is compared with a clock is at least a tenth of a lease
away from it, so that a schedule does the same on both."""

JUMP_LEASES = 1.2
"""How far a jump of time goes, in leases: past the lease, and less than the life of a request, so that after one jump
a delayed effect may still land and after two it cannot, whether its life is counted from the call or from the end of
the lease."""

STEP_LIMIT = 400
"""Steps after which a schedule counts as stalled. The longest schedule of a subject in the box takes under 60."""

ROUNDS = 3
"""How often a job queue delivers again before the operation counts as stuck."""

WORKLOADS: Mapping[str, str] = {
    "same": "every worker is given the same key and the same payload, as by a queue that delivers twice",
    "conflict": "one worker is given the same key with another payload, as by a caller's bug",
}

_BUY = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.10"}
_OTHER = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.20"}


def payloads(workload: str, workers: int) -> list[dict[str, Any]]:
    """Return the payload of each worker's call."""
    same = [dict(_BUY) for _ in range(workers)]
    if workload == "conflict":
        same[-1] = dict(_OTHER)
    return same


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One exploration.

    Attributes:
        subject: Whose guard.
        workload: ``same`` or ``conflict``.
        workers: Processes of the first delivery, 1 to 8.
        faults: Faults per schedule at most.
        kinds: Fault kinds that may strike.
        lease_s: Lease in seconds of virtual time.
        has_clock: True where time can be moved.
    """

    subject: Subject
    workload: str
    workers: int
    faults: int
    kinds: tuple[FaultKind, ...]
    lease_s: float = LEASE_S
    has_clock: bool = True

    @property
    def jump_s(self) -> float:
        """How far time jumps, in seconds."""
        return self.lease_s * JUMP_LEASES

    def strikes(self, step: Step) -> tuple[FaultKind, ...]:
        """Return the kinds that can strike a process that waits for *step*."""
        return _striking(self.kinds, step.name, getattr(step, "may_write", True))


@functools.lru_cache(maxsize=1024)
def _striking(kinds: tuple[FaultKind, ...], step: str, may_write: bool) -> tuple[FaultKind, ...]:
    return tuple(kind for kind in kinds if _strikes(kind, step, may_write=may_write))


def _strikes(kind: FaultKind, step: str, *, may_write: bool) -> bool:
    if step == "sleep" or kind.target is Target.WORLD:
        return False
    if kind.target is Target.STEP:
        return True
    if kind.target is Target.EFFECT:
        return step == "effect"
    if step in {"effect", "probe"}:
        return False
    return (not kind.only or step in kind.only) and (may_write or not kind.writes_only)
