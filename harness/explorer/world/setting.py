"""What one exploration explores, as a value: subject, workload, bound."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.faults.kind import OF_THE_WORLD, Target
from harness.subjects.contract import USUAL_TYPE
from harness.venue.book import payload_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.explorer.world.steps import Step
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
"""How often a job queue delivers again before the operation counts as stuck; once more where the last delivery was
followed by a reconciliation. Where a fault strikes meanwhile it begins to count anew: a guard whose store was lost
again has as much to find out as before."""

WORKLOADS: Mapping[str, str] = {
    "same": "every worker is given the same key and the same payload, as by a queue that delivers twice",
    "conflict": "one worker is given the same key with another payload, as by a caller's bug",
    "neighbours": "one worker is given another key; joined with a field, or rounded, the two look alike",
    "waves": "everybody calls through one circuit breaker at once, and the venue loses as many requests as open it; "
    "somebody calls again while it is open, and everybody at once a lease later",
    "tries": "everybody tries one job at once, and the venue loses as many requests as it may be tried; somebody "
    "tries it again at once, everybody when its cooldown is over, and then one after the other until no try is left",
    "mends": "the same, but the venue loses one request only, so that the job succeeds at the next try and its tries "
    "are counted anew",
}


@dataclass(frozen=True, slots=True)
class Job:
    """What a job queue hands out.

    Attributes:
        key: The business key.
        payload: What the effect is asked for, as its items.
        digest: The digest of the payload, as events name it.
        effect_type: What kind of effect it is.
    """

    key: str
    payload: tuple[tuple[str, str], ...]
    digest: str
    effect_type: str = USUAL_TYPE


ORDER: Mapping[str, str] = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.10", "account": "2"}


def jobs(workload: str, key: str, workers: int) -> list[Job]:
    """Return the job of each worker; *key* is the schedule's own, and no other schedule's key begins with it.

    The last worker's job differs as the workload says. Two neighbours have the same ``key:account``, and the same
    quantity as a number with six digits.
    """
    usual, other = (key, ORDER), (key, ORDER)
    if workload == "conflict":
        other = (key, {**ORDER, "quantity": "0.20"})
    elif workload == "neighbours":
        usual = (f"{key}:1", {**ORDER, "quantity": "0.12345678"})
        other = (key, {**ORDER, "quantity": "0.12345679", "account": "1:2"})
    return [job_of(*(other if index == workers - 1 else usual)) for index in range(workers)]


def job_of(key: str, payload: Mapping[str, str], effect_type: str = USUAL_TYPE) -> Job:
    """Return the job of a key and a payload."""
    items = tuple(payload.items())
    return Job(key, items, _digest(items), effect_type)


@functools.lru_cache(maxsize=64)
def castings(workload: str, workers: int) -> tuple[Mapping[str, str], ...]:
    """Return how the workers may take each other's parts, the first one as themselves: two that have the same job."""
    given = jobs(workload, "k", workers)
    are_alike = len(given) > 1 and given[0] == given[1]
    return ({}, {"w0": "w1", "w1": "w0"}) if are_alike else ({},)


@functools.lru_cache(maxsize=64)
def _digest(payload: tuple[tuple[str, str], ...]) -> str:
    return payload_digest(dict(payload))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One exploration.

    Attributes:
        subject: Whose guard.
        workload: One of ``WORKLOADS``.
        workers: Processes of the first delivery, 1 to 8.
        faults: Faults per schedule at most.
        kinds: Fault kinds that may strike.
        lease_s: Lease in seconds of virtual time.
        has_clock: True where time can be moved.
        reduces: True where schedules that differ in nothing that can be noticed are run once.
        merges: True where schedules that came to the same are gone on from once.
        loses_writes: True where only schedules are looked for that lose writes; the others need not be run in every
            order of writes, and are explored apart.
        stand_ins: Restarts that stand for a failover too, each with that one.
    """

    subject: Subject
    workload: str
    workers: int
    faults: int
    kinds: tuple[FaultKind, ...]
    lease_s: float = LEASE_S
    has_clock: bool = True
    reduces: bool = True
    merges: bool = False
    loses_writes: bool = False
    stand_ins: tuple[tuple[FaultKind, FaultKind], ...] = ()

    @property
    def jump_s(self) -> float:
        """How far time jumps, in seconds."""
        return self.lease_s * JUMP_LEASES

    @property
    def may_lose_writes(self) -> bool:
        """Whether a fault can strike that loses the last writes."""
        return any(kind.loses for kind in self.kinds)

    def with_failovers(self) -> Setting:
        """Return the setting in which a replica takes over wherever a server would have started again for both."""
        takes_over = dict(self.stand_ins)
        return replace(self, kinds=tuple(takes_over.get(kind, kind) for kind in self.kinds), stand_ins=())

    def strikes(self, step: Step) -> tuple[FaultKind, ...]:
        """Return the kinds that can strike a process that waits for *step*."""
        return _striking(self.kinds, step.name, getattr(step, "may_write", True))


@functools.lru_cache(maxsize=1024)
def _striking(kinds: tuple[FaultKind, ...], step: str, may_write: bool) -> tuple[FaultKind, ...]:
    return tuple(kind for kind in kinds if _strikes(kind, step, may_write=may_write))


def _strikes(kind: FaultKind, step: str, *, may_write: bool) -> bool:
    if step == "sleep" or kind.target in OF_THE_WORLD:
        return False
    if kind.target is Target.STEP:
        return True
    if kind.target is Target.EFFECT:
        return step == "effect"
    if step in {"effect", "probe"}:
        return False
    return (not kind.only or step in kind.only) and (may_write or not kind.writes_only)
