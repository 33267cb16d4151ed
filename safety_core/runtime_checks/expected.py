"""What the server is measured against: how the guard confirms its writes, and the memory that its records need."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import final

from safety_core.idempotency.errors import SettingsError
from safety_core.idempotency.settings import GuardSettings, Mode

RECORD_BYTES = 1024
"""Memory that a record is taken to need. One with a small result takes 340 (MEMORY USAGE on Valkey 9.1)."""

_EVICTING = ("volatile-", "allkeys-")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the server is measured against.

    Attributes:
        settings: Those of the guard that uses the server: its mode, the replicas it waits for, its retention.
        headroom: Part of the memory limit that must be free, between 0 and 1.
        max_lag_s: Seconds since a replica's last word after which it does not count.
        records_per_s: New records per second, for the memory that the retention needs. None: not known, not checked.
        record_bytes: Bytes of memory per record.
        budget_bytes: Bytes of memory that the server may use. None: its own limit alone counts.
        redelivered_within_s: Seconds after its first delivery within which a job may be delivered again. None: not
            known, not compared with the retention.
        accepted_policies: Eviction policies that are put up with: WARNING in the place of CRITICAL, and never OK.
    """

    settings: GuardSettings = field(default_factory=GuardSettings)
    headroom: float = 0.2
    max_lag_s: float = 10.0
    records_per_s: float | None = None
    record_bytes: int = RECORD_BYTES
    budget_bytes: int | None = None
    redelivered_within_s: float | None = None
    accepted_policies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check every range.

        Raises:
            SettingsError: A value is out of range.
        """
        if not 0 <= self.headroom < 1:
            raise SettingsError(f"headroom is {self.headroom!r}; expected a part of the memory, from 0 to below 1")
        for name in ("max_lag_s", "record_bytes", "records_per_s", "budget_bytes", "redelivered_within_s"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise SettingsError(f"{name} is {value!r}; expected a number above 0")
        for policy in self.accepted_policies:
            if not policy.startswith(_EVICTING):
                raise SettingsError(
                    f"an accepted eviction policy is {policy!r}; expected one that evicts, as volatile-lru"
                )

    @property
    def is_durable(self) -> bool:
        """Whether the guard waits until a write is confirmed before it counts."""
        return self.settings.mode is Mode.DURABLE

    @property
    def confirming_replicas(self) -> int:
        """How many replicas confirm each write of the guard."""
        return self.settings.wait_replicas if self.is_durable else 0

    @property
    def needed_bytes(self) -> int | None:
        """Memory that the records of one retention need; None where the rate is not known."""
        if self.records_per_s is None:
            return None
        return round(self.records_per_s * self.settings.retention_s * self.record_bytes)
