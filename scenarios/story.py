"""What a story is: the contract that every module of this room keeps, and what it asks of the machine.

A story module has ``STORY`` and ``play(stage)``. It hurts the subject while it works and lets the stage deliver
everything again; it never judges.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Category(StrEnum):
    """What a story is about."""

    CRASH = "Redis crashes"
    RACE = "Worker races"
    NETWORK = "Network failures"
    STORM = "Retry storms"
    BREAKER = "Circuit breaker triggers"
    CONCURRENCY = "Concurrent operations"
    EXPIRY = "TTL expiry races"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a story tells, and on what.

    Attributes:
        name: As in ``--only``.
        category: What it is about.
        what: One sentence for lists.
        kinds: The faults that strike in it; every one must leave a witness. A story without any must show a race:
            an effect that fell into another process's call of the same key.
        catches: The planted guards that must be caught by it.
        flagged_as: The check of the validator that must flag what is wrong with the server; empty where nothing is.
            The promise of the validator's own guard leaves out only what was flagged.
        workers: The processes of the workload.
        lease_s: Seconds of a claim.
        appendonly: Whether the server keeps an append-only file.
        config: More directives of the server.
        has_replica: Whether a replica stands beside the server.
        is_proxied: Whether the workers reach the server through a Toxiproxy.
        moves_clock: Whether the lease may be passed by moving the server's clock. Not where somebody comes late to
            the venue: its clock is not ours.
        of_breakers: Whether it is told of a circuit breaker, and not of a once-only guard.
    """

    name: str
    category: Category
    what: str
    kinds: tuple[str, ...]
    catches: tuple[str, ...]
    flagged_as: str = ""
    workers: int = 4
    lease_s: float = 2.0
    appendonly: bool = True
    config: Mapping[str, str] = field(default_factory=dict)
    has_replica: bool = False
    is_proxied: bool = False
    moves_clock: bool = True
    of_breakers: bool = False

    @property
    def worker_names(self) -> tuple[str, ...]:
        """Names of the processes of the workload."""
        return tuple(f"w{number}" for number in range(self.workers))
